"""`suanli worker`: an exchange that answers nobody and sees to what is to be done for all."""

import logging
import signal
from contextlib import closing

from api.operations.ending import Ending
from api.operations.interpreter import settle_interpreter
from api.operations.logs import logging_as_set
from api.server import add_duties, end_before_it_began, log_settings, open_exchange
from api.settings import Settings
from api.settings_sources import FoundSettings
from market.persistence.notices import hearing
from market.running.listened import Listened

_logger = logging.getLogger(__name__)


def run_worker(settings: Settings, found: FoundSettings | None = None) -> None:
    """See to duties until Ctrl-C or SIGTERM, as `api.operations.ending` tells."""
    settings = settings.model_copy(update={"duties": True})
    signal.signal(signal.SIGTERM, end_before_it_began)
    with logging_as_set(settings):
        with open_exchange(settings, hears=False) as opened:
            log_settings(found)
            for risk in settings.simulation_risks():
                _logger.warning(risk)
            exchange, desk = opened.exchange, opened.desk
            add_duties(desk, settings)
            settle_interpreter()
            with (
                Ending(desk, settings).on_signals(),
                closing(desk),
                hearing(exchange.database, exchange.bell.ring),
                Listened(exchange.database, exchange.clock).looking() as exchange.listening_since,
                desk.duties.done(),
            ):
                print("Suanli Exchange 算力交易所: works; Ctrl-C stops", flush=True)  # noqa: T201
                desk.stopping.wait_here()
        _logger.info("stopped")
