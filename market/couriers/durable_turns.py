"""Turns as durable tasks of DBOS (docs.dbos.dev), on SQLite or PostgreSQL.

What is to be delivered stands in the exchange's own tables; a task says only "look at this webhook". So the database of
tasks may be lost without loss, and a task that is run twice does no harm. This module is imported when the first webhook is
there: DBOS takes 1.6 s to import, and runs eight threads.
"""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetEnqueueOptions
from sqlalchemy.engine import make_url

from market.couriers.turns import TakeTurn
from market.domain.errors import Conflict
from market.persistence.database import make_private

QUEUE, TASK = "webhooks", "take_turn"
SCHEMA = "suanli_queue"
FORMAT = "1"
"""Of the tasks: one that was left by another version of this program is run by this one, as long as this stays."""
EXECUTOR = "couriers"
"""Whoever runs them: there is one at a time, on whatever machine, and the next one takes up what this one leaves."""
AT_ONCE = 8
POLL_SECONDS = 0.2
SAME_TASK = timedelta(seconds=30)
"""A task is asked for once in so long at most, unless it ends sooner: the task of a process that died blocks no longer."""
KEPT = timedelta(hours=1)
CLEARED_AT_ONCE = 500
_in_use = threading.Lock()


class DurableTurns:
    """DBOS, of which there is one in a process."""

    def __init__(self, database_url: str) -> None:
        """`database_url` is the exchange's; the tasks are kept beside it."""
        self._url = tasks_url(database_url)
        self._cleared_at = 0.0

    def start(self, take_turn: TakeTurn) -> None:
        """`Conflict` (`couriers_running`) where another exchange's couriers run in this process."""
        if not _in_use.acquire(blocking=False):
            raise Conflict("couriers_running", "one process delivers the webhooks of one exchange")
        try:
            _task.begin(take_turn)
            logging.getLogger("dbos").addHandler(
                logging.NullHandler()
            )  # else it writes to the console by itself
            file = make_url(self._url).database
            if file is not None and self._url.startswith("sqlite"):
                make_private(Path(file))
            DBOS(config=_config(self._url))
            DBOS.launch()
            DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, polling_interval_sec=POLL_SECONDS)
        except BaseException:
            self.stop(0)
            raise

    def soon(self, webhook_id: str) -> None:
        """A task under the webhook's id and the half minute: while there is one, there is no second."""
        now = time.time()
        once = f"{webhook_id}/{int(now / SAME_TASK.total_seconds())}"
        with SetEnqueueOptions(deduplication_id=once, duplication_policy="return-existing"):
            DBOS.enqueue_workflow(QUEUE, _run, webhook_id)
        if now - self._cleared_at >= KEPT.total_seconds():
            self._cleared_at = now
            _clear(datetime.fromtimestamp(now, UTC) - KEPT)

    def stop(self, within_seconds: float) -> None:
        """Tasks that are cut off are taken up again by the next start."""
        _task.end(within_seconds)
        DBOS.destroy()
        _in_use.release()


class _Task:
    """What the task does, and how many do it: tasks are found by name, so it is kept beside them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._take_turn: TakeTurn | None = None
        self._under_way = 0

    def begin(self, take_turn: TakeTurn) -> None:
        self._take_turn = take_turn

    def run(self, webhook_id: str) -> None:
        with self._changed:
            if self._take_turn is None:
                return
            take_turn = self._take_turn
            self._under_way += 1
        try:
            take_turn(webhook_id)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def end(self, within_seconds: float) -> None:
        with self._changed:
            self._take_turn = None
            self._changed.wait_for(lambda: self._under_way == 0, within_seconds)


_task = _Task()


@DBOS.workflow(name=TASK)
def _run(webhook_id: str) -> None:
    _task.run(webhook_id)


def _clear(before: datetime) -> None:
    """Tasks that ended are of no use to anybody."""
    while True:
        ended = DBOS.list_workflows(
            completed_before=before.isoformat(), limit=CLEARED_AT_ONCE, load_input=False, load_output=False
        )
        if not ended:
            return
        DBOS.delete_workflows([task.workflow_id for task in ended])


def tasks_url(database_url: str) -> str:
    """Where tasks are kept: a file beside SQLite's; on PostgreSQL a schema of their own in the same database."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        return f"sqlite:///{url.database}.queue"
    return url.render_as_string(hide_password=False)


def _config(url: str) -> DBOSConfig:
    return DBOSConfig(
        name="suanli-exchange",
        system_database_url=url,
        dbos_system_schema=SCHEMA,
        executor_id=EXECUTOR,
        application_version=FORMAT,
        log_level="WARNING",
        sys_db_pool_size=5,
        serializer=DBOSPortableJSONSerializer(),  # else it pickles, and runs what somebody else put there
    )
