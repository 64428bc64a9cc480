"""Everything that can be asked of an exchange.

Generated from the OpenAPI document by `python -m api.generator`: change that, not this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from api.client import answers, bodies, words
from api.client.bodies import Cny, Moment
from api.client.call import Call, segment
from api.client.progress import OnProgress
from api.client.transport import Transport


class Orders:
    """`exchange.orders`. 订单: jobs and their terms; why they were or were not placed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        state: words.OrderState | Sequence[words.OrderState] | None = None,
        buyer_id: str | None = None,
        compute_class: words.ComputeClass | None = None,
        submitted_after: Moment | None = None,
        submitted_before: Moment | None = None,
        sort: Literal["submitted_at", "-submitted_at"] | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.OrderAnswer]:
        """List orders.

        One's own orders; all of them for the operator.

        `state`: Only orders in this state; several: any of them.

        `buyer_id`: Only orders of this buyer; for the operator.

        `compute_class`: Only jobs of this class.

        `submitted_after`: Only orders submitted then or later.

        `submitted_before`: Only orders submitted before.

        `sort`: Oldest first, or newest first.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/orders`
        """
        call = Call(
            "GET",
            "/v1/orders",
            query={
                "state": state,
                "buyer_id": buyer_id,
                "compute_class": compute_class,
                "submitted_after": submitted_after,
                "submitted_before": submitted_before,
                "sort": sort,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.OrderAnswer, at_most)

    def submit(
        self,
        body: bodies.OrderRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderAnswer:
        """Submit an order.

        Put one order in the book, where it waits for a round. An immediate one, or one on a held quote,
        is placed at once or refused; a draft waits outside the book.

        `POST /v1/orders`
        """
        call = Call(
            "POST",
            "/v1/orders",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderAnswer)

    def count(
        self,
        *,
        buyer_id: str | None = None,
        compute_class: words.ComputeClass | None = None,
        submitted_after: Moment | None = None,
        submitted_before: Moment | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderCountsAnswer:
        """Count orders.

        How many of one's own orders are in which state; of all of them for the operator.

        `buyer_id`: Only orders of this buyer; for the operator.

        `compute_class`: Only jobs of this class.

        `submitted_after`: Only orders submitted then or later.

        `submitted_before`: Only orders submitted before.

        `GET /v1/orders/counts`
        """
        call = Call(
            "GET",
            "/v1/orders/counts",
            query={
                "buyer_id": buyer_id,
                "compute_class": compute_class,
                "submitted_after": submitted_after,
                "submitted_before": submitted_before,
            },
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderCountsAnswer)

    def read(self, order_id: str, *, timeout_seconds: float | None = None) -> answers.OrderDetail:
        """Read an order.

        The order, what was granted to it, and every step of its life.

        `ETag` is that of the order alone, as the list shows it: what can be changed, and what
        `If-Match` compares.

        `GET /v1/orders/{order_id}`
        """
        call = Call("GET", f"/v1/orders/{segment(order_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.OrderDetail)

    def amend(
        self,
        order_id: str,
        body: bodies.OrderChanges,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderAnswer:
        """Amend an order.

        Change terms of a draft or of an order in the book; it is checked like a new one, and the hold
        follows.

        It keeps its place in the queue if it only asks for less or pays more: limit price up, deadline
        later, max_rtt up or none, more regions or devices allowed, fewer units. Anything else sends it
        to the end.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PATCH /v1/orders/{order_id}`
        """
        call = Call(
            "PATCH",
            f"/v1/orders/{segment(order_id)}",
            headers={"If-Match": if_match},
            body=body,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderAnswer)

    def submit_draft(
        self,
        order_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderAnswer:
        """Submit a draft.

        Turn a draft into an open order: its limit price is held from then on.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/orders/{order_id}/submit`
        """
        call = Call(
            "POST",
            f"/v1/orders/{segment(order_id)}/submit",
            headers={"If-Match": if_match},
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderAnswer)

    def cancel(
        self,
        order_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderAnswer:
        """Cancel an order.

        Take an order out of the book, for free, or out of its allocation: what was booked until an hour
        later is paid.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/orders/{order_id}/cancel`
        """
        call = Call(
            "POST",
            f"/v1/orders/{segment(order_id)}/cancel",
            headers={"If-Match": if_match},
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderAnswer)

    def explain(
        self, order_id: str, *, timeout_seconds: float | None = None
    ) -> answers.OrderExplanationAnswer:
        """Why an order was or was not placed.

        Node by node, and the smallest change that would place it: proven by asking the market again.

        `GET /v1/orders/{order_id}/explanation`
        """
        call = Call("GET", f"/v1/orders/{segment(order_id)}/explanation", seconds=timeout_seconds)
        return self._transport.ask(call, answers.OrderExplanationAnswer)

    def submit_many(
        self,
        body: bodies.OrderBatch,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OrderBatchAnswer:
        """Submit many orders, each answered on its own.

        Up to 10,000 orders, as one JSON document or one a line (NDJSON). A malformed or refused one
        spoils no other.

        Those that are accepted are stored together: after a crash all of them are in the book or none
        is, and the same request under the same `Idempotency-Key` ends with exactly one set of them.
        Blank lines do not count; answers to lines name their numbers. `Accept: application/x-ndjson`
        asks for answers one a line.

        `POST /v1/orders/batch`
        """
        call = Call(
            "POST",
            "/v1/orders/batch",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OrderBatchAnswer)


class Quotes:
    """`exchange.quotes`. 报价: what an order would cost now, without submitting it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(
        self,
        body: bodies.QuoteRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.QuoteAnswer:
        """What would this order cost now; hold it if asked.

        Node by node, cheapest first, and why not elsewhere. Nothing is submitted; operators need name
        no buyer.

        With `hold_minutes` the cheapest place is set aside for its buyer: send the order with its
        `quote_id` to take it at exactly that price. 409 `not_placed_now` where nothing is free,
        `too_many_quotes` with 20 held at once.

        An `Idempotency-Key` is bound to the question, and to what is held: asked again under the same
        key, the same quote is held, and the rest is answered as the market is by then: without options
        once the deadline is too near.

        `POST /v1/quotes`
        """
        call = Call(
            "POST",
            "/v1/quotes",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.QuoteAnswer)

    def read(self, quote_id: str, *, timeout_seconds: float | None = None) -> answers.HeldQuoteAnswer:
        """Read a quote that is or was held.

        One's own; all of them for the operator.

        `GET /v1/quotes/{quote_id}`
        """
        call = Call("GET", f"/v1/quotes/{segment(quote_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.HeldQuoteAnswer)

    def release(
        self, quote_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.HeldQuoteAnswer:
        """Give a held quote back.

        Before its time is over; 409 `quote_expired` where it is not held any more.

        `POST /v1/quotes/{quote_id}/release`
        """
        call = Call(
            "POST",
            f"/v1/quotes/{segment(quote_id)}/release",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.HeldQuoteAnswer)


class Forecasts:
    """`exchange.forecasts`. 报价: what an order would cost now, without submitting it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def score(self, *, timeout_seconds: float | None = None) -> answers.ForecastScoreAnswer:
        """How forecasts fared.

        Of when orders would be matched: the share that was right, and how wide the ranges were. Public.

        `GET /v1/forecasts/score`
        """
        call = Call("GET", "/v1/forecasts/score", seconds=timeout_seconds)
        return self._transport.ask(call, answers.ForecastScoreAnswer)


class Prices:
    """`exchange.prices`. 价格: by offering and hour, in parts."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(
        self,
        *,
        round_id: str | None = None,
        offering_id: str | None = None,
        detail: Literal["span", "hours"] | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.PriceSummary | answers.PriceTable | answers.PriceHours:
        """Prices by offering, or hour by hour for one.

        Of a landed round (the newest, unless `round_id` names one): one line for each offering; with
        `detail=hours` each hour of it besides, with `offering_id` that offering alone, hour by hour and
        in parts. As recorded: what is listed today does not matter.

        `round_id`: A landed round; left out: the newest.

        `offering_id`: Hour by hour for this offering.

        `detail`: Of all offerings: mean, least and most over the hours, or every hour, as a table to
        draw.

        `GET /v1/prices`
        """
        call = Call(
            "GET",
            "/v1/prices",
            query={"round_id": round_id, "offering_id": offering_id, "detail": detail},
            seconds=timeout_seconds,
        )
        found: answers.PriceSummary | answers.PriceTable | answers.PriceHours = self._transport.ask_any(
            call, answers.PriceSummary | answers.PriceTable | answers.PriceHours
        )
        return found


class Allocations:
    """`exchange.allocations`. 分配: what was granted."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        round_id: str | None = None,
        order_id: str | None = None,
        offering_id: str | None = None,
        node_id: str | None = None,
        provider_id: str | None = None,
        state: words.AllocationState | Sequence[words.AllocationState] | None = None,
        starts_after: Moment | None = None,
        starts_before: Moment | None = None,
        sort: Literal["granted_at", "-granted_at"] | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.AllocationAnswer]:
        """List allocations.

        A buyer's own, those on a provider's offerings, all for the operator.

        `round_id`: Only those of this round.

        `order_id`: Only those of this order.

        `offering_id`: Only those on this offering.

        `node_id`: Only those at this node.

        `provider_id`: Only those on this provider's offerings; a provider names itself or nobody.

        `state`: Only those in this state; several: any of them.

        `starts_after`: Only those that start then or later.

        `starts_before`: Only those that start before.

        `sort`: In the sequence in which they were granted, or newest first.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/allocations`
        """
        call = Call(
            "GET",
            "/v1/allocations",
            query={
                "round_id": round_id,
                "order_id": order_id,
                "offering_id": offering_id,
                "node_id": node_id,
                "provider_id": provider_id,
                "state": state,
                "starts_after": starts_after,
                "starts_before": starts_before,
                "sort": sort,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.AllocationAnswer, at_most)

    def read(self, allocation_id: str, *, timeout_seconds: float | None = None) -> answers.AllocationAnswer:
        """Read an allocation.

        One allocation, for its buyer, its provider and operators.

        `GET /v1/allocations/{allocation_id}`
        """
        call = Call("GET", f"/v1/allocations/{segment(allocation_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.AllocationAnswer)

    def start(
        self, allocation_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.AllocationAnswer:
        """Report a start.

        It runs from now on: its provider's word, or an operator's. 409 `too_early` before its window,
        `too_late` after.

        Where the offering asks for no heartbeat, the exchange starts it by itself.

        `POST /v1/allocations/{allocation_id}/start`
        """
        call = Call(
            "POST",
            f"/v1/allocations/{segment(allocation_id)}/start",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.AllocationAnswer)

    def heartbeat(
        self, allocation_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.AllocationAnswer:
        """Report that it runs.

        Due every `heartbeat_minutes` of the offering; once missed, the order is matched again. 409
        `not_running`.

        `POST /v1/allocations/{allocation_id}/heartbeat`
        """
        call = Call(
            "POST",
            f"/v1/allocations/{segment(allocation_id)}/heartbeat",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.AllocationAnswer)

    def complete(
        self, allocation_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.AllocationAnswer:
        """Report an end.

        It is done. Used time is paid by the second, the rest of the hold is released.

        `POST /v1/allocations/{allocation_id}/complete`
        """
        call = Call(
            "POST",
            f"/v1/allocations/{segment(allocation_id)}/complete",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.AllocationAnswer)

    def fail(
        self,
        allocation_id: str,
        body: bodies.FailureReport,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.AllocationAnswer:
        """Report a failure.

        Of the job: its order has failed, used time is paid. Of the provider: refund, credit, and the
        next round matches the order again.

        `POST /v1/allocations/{allocation_id}/fail`
        """
        call = Call(
            "POST",
            f"/v1/allocations/{segment(allocation_id)}/fail",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.AllocationAnswer)


class Rounds:
    """`exchange.rounds`. 轮次: clear the market; value, bound, gap, figures, flows."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        state: words.RoundState | Sequence[words.RoundState] | None = None,
        opened_after: Moment | None = None,
        opened_before: Moment | None = None,
        sort: Literal["opened_at", "-opened_at"] | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.RoundAnswer]:
        """List rounds.

        Rounds. `figures` is empty here; read one round for them.

        `state`: Only those in this state; several: any of them.

        `opened_after`: Only those opened then or later.

        `opened_before`: Only those opened before.

        `sort`: Oldest first, or newest first.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/rounds`
        """
        call = Call(
            "GET",
            "/v1/rounds",
            query={
                "state": state,
                "opened_after": opened_after,
                "opened_before": opened_before,
                "sort": sort,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.RoundAnswer, at_most)

    def clear(
        self,
        body: bodies.ClearingRequest | None = None,
        *,
        prefer: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.RoundAnswer:
        """Clear a round now.

        Clear all open orders against what is free, and wait for the end, or not (`Prefer:
        respond-async`).

        201 is a round that landed. One that the judge refused is a 500 `round_refused` with its
        `round_id`; one that failed is answered with what went wrong (503 `solver_died`, say), and as
        `round_failed` when asked for again under its key. Nothing of either is stored but the round
        itself.

        `prefer`: `respond-async`: answer 202 at once.

        `POST /v1/rounds`
        """
        call = Call(
            "POST",
            "/v1/rounds",
            headers={"Prefer": prefer},
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.RoundAnswer)

    def read(self, round_id: str, *, timeout_seconds: float | None = None) -> answers.RoundAnswer:
        """Read a round.

        State, certified value and bound, figures beside the baselines', flows. Public.

        What a flow of fewer than 3 orders spent (`spend_cny`) is null, but for an operator's key.

        `GET /v1/rounds/{round_id}`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.RoundAnswer)

    def pricing(self, round_id: str, *, timeout_seconds: float | None = None) -> answers.RoundPricingAnswer:
        """Price a round both ways.

        What a landed round comes to under each pricing rule, from what it recorded. The sums are
        public.

        `allocations`, with both prices of each, is for an operator's key; without one it is empty.

        `GET /v1/rounds/{round_id}/pricing`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}/pricing", seconds=timeout_seconds)
        return self._transport.ask(call, answers.RoundPricingAnswer)

    def problem(self, round_id: str, *, timeout_seconds: float | None = None) -> bytes:
        """The problem a round solved.

        The arrays as they were solved; `suanli verify` checks them against the clearing.

        `GET /v1/rounds/{round_id}/problem.npz`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}/problem.npz", seconds=timeout_seconds)
        return self._transport.ask_bytes(call)

    def clearing(self, round_id: str, *, timeout_seconds: float | None = None) -> bytes:
        """The clearing of a round.

        What the solver answered: placements, prices, certificate.

        `GET /v1/rounds/{round_id}/clearing.npz`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}/clearing.npz", seconds=timeout_seconds)
        return self._transport.ask_bytes(call)

    def schedule(self, round_id: str, *, timeout_seconds: float | None = None) -> answers.RoundScheduleAnswer:
        """A round hour by hour.

        What each node runs in each hour of a landed round, and which demand flows from where to where:
        sums, in kW.

        Facility power at nodes, IT power in flows. What was granted is shown as it landed, whatever
        became of it since.

        `GET /v1/rounds/{round_id}/schedule`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}/schedule", seconds=timeout_seconds)
        return self._transport.ask(call, answers.RoundScheduleAnswer)

    def progress(self, round_id: str, *, timeout_seconds: float | None = None) -> answers.ProgressAnswer:
        """A round while it clears.

        Server-sent events: `step` when a step is done, `progress` as the solver finds better ones (five
        times a second at most), then `landed`, `refused` or `failed`, and the stream ends: close it
        then, or your client comes again.

        A round that is over tells its recorded search at once. Nothing else of this is stored, and only
        the server process that clears a round knows how it comes along: another one tells its end. With
        `Accept: application/json`: how far it is now, in one answer.

        `GET /v1/rounds/{round_id}/progress`
        """
        call = Call("GET", f"/v1/rounds/{segment(round_id)}/progress", seconds=timeout_seconds)
        return self._transport.ask(call, answers.ProgressAnswer)

    def tick(
        self, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.UpkeepAnswer:
        """Do what is due by now.

        Start, capture, complete, interrupt, expire, lapse: what time alone brings about. Operators
        only.

        Every round does this before it opens, and so does the server's timer; done twice at one moment,
        the second time changes nothing.

        `POST /v1/upkeep`
        """
        call = Call("POST", "/v1/upkeep", once=True, idempotency_key=idempotency_key, seconds=timeout_seconds)
        return self._transport.ask(call, answers.UpkeepAnswer)

    def replay(
        self,
        round_id: str,
        *,
        idempotency_key: str | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.ReplayAnswer:
        """Clear a past round again from its record.

        The recorded problem under the recorded limits: the same answer, unless time ended the search.
        Operators only.

        `on_progress` hears how it comes along; what it raises gives it up. With it, `timeout_seconds`
        is the longest silence: a lost connection asks anew, from the first clearing on.

        `POST /v1/rounds/{round_id}/replay`
        """
        call = Call(
            "POST",
            f"/v1/rounds/{segment(round_id)}/replay",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.follow(call, answers.ReplayAnswer, on_progress)


class Nodes:
    """`exchange.nodes`. 区域, 算力中心, 设备: regions, nodes and devices."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def down(
        self,
        node_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.NodeAnswer:
        """Mark a node down.

        What it holds is interrupted now, refunded and credited, and matched again by the next round;
        all else stays.

        Operators only.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/nodes/{node_id}/down`
        """
        call = Call(
            "POST",
            f"/v1/nodes/{segment(node_id)}/down",
            headers={"If-Match": if_match},
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.NodeAnswer)

    def up(
        self,
        node_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.NodeAnswer:
        """Mark a node up.

        It takes part in the next round. Operators only.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/nodes/{node_id}/up`
        """
        call = Call(
            "POST",
            f"/v1/nodes/{segment(node_id)}/up",
            headers={"If-Match": if_match},
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.NodeAnswer)

    def list(
        self,
        *,
        region_id: str | None = None,
        state: words.NodeState | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.NodeAnswer]:
        """List nodes.

        Nodes by id, with PUE, power cap, hourly tariff and green share.

        `region_id`: Only those in this region.

        `state`: Only those that are up, or down.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/nodes`
        """
        call = Call(
            "GET", "/v1/nodes", query={"region_id": region_id, "state": state}, seconds=timeout_seconds
        )
        return self._transport.pages(call, answers.NodeAnswer, at_most)

    def add(
        self,
        body: bodies.NodeRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.NodeAnswer:
        """Add a node.

        Operators only.

        `POST /v1/nodes`
        """
        call = Call(
            "POST",
            "/v1/nodes",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.NodeAnswer)

    def read(self, node_id: str, *, timeout_seconds: float | None = None) -> answers.NodeAnswer:
        """Read a node.

        One computing centre, and whether it is up.

        `GET /v1/nodes/{node_id}`
        """
        call = Call("GET", f"/v1/nodes/{segment(node_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.NodeAnswer)


class Offerings:
    """`exchange.offerings`. 算力产品: what providers list."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        node_id: str | None = None,
        region_id: str | None = None,
        provider_id: str | None = None,
        device_id: str | None = None,
        compute_class: words.ComputeClass | None = None,
        state: words.OfferingState | Sequence[words.OfferingState] | None = None,
        max_ask: Cny | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.OfferingAnswer]:
        """List offerings.

        Offerings by id, withdrawn ones too unless `state` says otherwise.

        `node_id`: Only those at this node.

        `region_id`: Only those at nodes of this region.

        `provider_id`: Only those of this provider.

        `device_id`: Only those of this device.

        `compute_class`: Only devices of this class.

        `state`: Only those in this state; several: any of them.

        `max_ask`: Only those that ask at most this, in CNY per unit-hour.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/offerings`
        """
        call = Call(
            "GET",
            "/v1/offerings",
            query={
                "node_id": node_id,
                "region_id": region_id,
                "provider_id": provider_id,
                "device_id": device_id,
                "compute_class": compute_class,
                "state": state,
                "max_ask": max_ask,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.OfferingAnswer, at_most)

    def add(
        self,
        body: bodies.OfferingRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OfferingAnswer:
        """List an offering.

        Put units of a device at a node on the market.

        `POST /v1/offerings`
        """
        call = Call(
            "POST",
            "/v1/offerings",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OfferingAnswer)

    def read(self, offering_id: str, *, timeout_seconds: float | None = None) -> answers.OfferingAnswer:
        """Read an offering.

        One listing.

        `GET /v1/offerings/{offering_id}`
        """
        call = Call("GET", f"/v1/offerings/{segment(offering_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.OfferingAnswer)

    def amend(
        self,
        offering_id: str,
        body: bodies.OfferingChanges,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OfferingAnswer:
        """Amend an offering.

        Change terms; each change is a version. What is already granted keeps the ask it was matched at.

        New `maintenance` windows are refused where what is granted would not fit any more (409
        `in_use`). Fewer `units` lower a larger `max_gang_units` with them, and the hours that had all
        units free; hours that were partly free stay, and must be stated anew where they exceed the
        units (422 `invalid_capacity`).

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PATCH /v1/offerings/{offering_id}`
        """
        call = Call(
            "PATCH",
            f"/v1/offerings/{segment(offering_id)}",
            headers={"If-Match": if_match},
            body=body,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OfferingAnswer)

    def withdraw(
        self,
        offering_id: str,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OfferingAnswer:
        """Withdraw an offering.

        Take an offering off the market. What is running finishes.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/offerings/{offering_id}/withdraw`
        """
        call = Call(
            "POST",
            f"/v1/offerings/{segment(offering_id)}/withdraw",
            headers={"If-Match": if_match},
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OfferingAnswer)

    def drain(
        self,
        offering_id: str,
        body: bodies.DrainRequest,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OfferingAnswer:
        """Drain an offering, with notice.

        From `at` on nothing runs here. Nothing new is placed that would run into it; what is granted
        beyond it is interrupted then, matched again elsewhere, and not credited. Until it begins it may
        be moved, or taken back (null).

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/offerings/{offering_id}/drain`
        """
        call = Call(
            "POST",
            f"/v1/offerings/{segment(offering_id)}/drain",
            headers={"If-Match": if_match},
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OfferingAnswer)

    def add_maintenance(
        self,
        offering_id: str,
        body: bodies.MaintenanceRequest,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.OfferingAnswer:
        """Announce a maintenance window.

        At most `units_left` units in a window. Refused where what is already granted or promised would
        not fit any more (409 `in_use`, with the hours and the units in use), unless `force` interrupts
        it; quotes that are held cannot be forced out. `PATCH` with `maintenance` takes windows back.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `POST /v1/offerings/{offering_id}/maintenance`
        """
        call = Call(
            "POST",
            f"/v1/offerings/{segment(offering_id)}/maintenance",
            headers={"If-Match": if_match},
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.OfferingAnswer)

    def calendar(
        self,
        offering_id: str,
        *,
        from_: Moment | None = None,
        hours: int | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.CalendarAnswer:
        """What an offering has free, hour by hour.

        Listed, usable, allocated, held and free units of each hour, from the present one or a later one
        on.

        `from_`: The first hour; left out: the present one.

        `hours`: How many hours.

        `GET /v1/offerings/{offering_id}/calendar`
        """
        call = Call(
            "GET",
            f"/v1/offerings/{segment(offering_id)}/calendar",
            query={"from": from_, "hours": hours},
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.CalendarAnswer)

    def versions(
        self, offering_id: str, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.VersionAnswer]:
        """An offering's terms, version by version.

        Which terms held since when. Whose key set them is told to its provider and the operator only.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/offerings/{offering_id}/versions`
        """
        call = Call("GET", f"/v1/offerings/{segment(offering_id)}/versions", seconds=timeout_seconds)
        return self._transport.pages(call, answers.VersionAnswer, at_most)


class Regions:
    """`exchange.regions`. 区域, 算力中心, 设备: regions, nodes and devices."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.RegionAnswer]:
        """List regions.

        Regions by id, with coordinates and both carbon factors.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/regions`
        """
        call = Call("GET", "/v1/regions", seconds=timeout_seconds)
        return self._transport.pages(call, answers.RegionAnswer, at_most)

    def add(
        self,
        body: bodies.RegionRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.RegionAnswer:
        """Add a region.

        Operators only. Distances to all other regions are modelled from coordinates.

        `POST /v1/regions`
        """
        call = Call(
            "POST",
            "/v1/regions",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.RegionAnswer)

    def read(self, region_id: str, *, timeout_seconds: float | None = None) -> answers.RegionAnswer:
        """Read a region.

        One region, with coordinates and both carbon factors.

        `GET /v1/regions/{region_id}`
        """
        call = Call("GET", f"/v1/regions/{segment(region_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.RegionAnswer)


class Devices:
    """`exchange.devices`. 区域, 算力中心, 设备: regions, nodes and devices."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.DeviceAnswer]:
        """List devices.

        Devices by id, with memory, power, peak and relative speed per precision.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/devices`
        """
        call = Call("GET", "/v1/devices", seconds=timeout_seconds)
        return self._transport.pages(call, answers.DeviceAnswer, at_most)

    def read(self, device_id: str, *, timeout_seconds: float | None = None) -> answers.DeviceAnswer:
        """Read a device.

        One device, with memory, power, peak and relative speed per precision.

        `GET /v1/devices/{device_id}`
        """
        call = Call("GET", f"/v1/devices/{segment(device_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.DeviceAnswer)


class RoundTripTimes:
    """`exchange.round_trip_times`. 区域, 算力中心, 设备: regions, nodes and devices."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        from_region_id: str | None = None,
        to_region_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.RoundTripTimeAnswer]:
        """List round-trip times.

        Round-trip times between regions in ms, by the two ids, and where each figure comes from.

        `from_region_id`: Only those from this region.

        `to_region_id`: Only those to this region.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/round-trip-times`
        """
        call = Call(
            "GET",
            "/v1/round-trip-times",
            query={"from_region_id": from_region_id, "to_region_id": to_region_id},
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.RoundTripTimeAnswer, at_most)


class Providers:
    """`exchange.providers`. 服务商, 用户: who takes part."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.OrganisationAnswer]:
        """List providers.

        Providers by id; public.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/providers`
        """
        call = Call("GET", "/v1/providers", seconds=timeout_seconds)
        return self._transport.pages(call, answers.OrganisationAnswer, at_most)

    def register(
        self,
        body: bodies.OrganisationRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.Registration:
        """Register a provider.

        Operators only. The answer carries the provider's key, this once.

        `POST /v1/providers`
        """
        call = Call(
            "POST",
            "/v1/providers",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.Registration)


class Buyers:
    """`exchange.buyers`. 服务商, 用户: who takes part."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.OrganisationAnswer]:
        """List buyers.

        All buyers for the operator, oneself for a buyer.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/buyers`
        """
        call = Call("GET", "/v1/buyers", seconds=timeout_seconds)
        return self._transport.pages(call, answers.OrganisationAnswer, at_most)

    def register(
        self,
        body: bodies.OrganisationRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.Registration:
        """Register a buyer.

        Operators only. The answer carries the buyer's key, this once.

        `POST /v1/buyers`
        """
        call = Call(
            "POST",
            "/v1/buyers",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.Registration)


class Members:
    """`exchange.members`. 服务商, 用户: who takes part."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        organisation_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.MemberAnswer]:
        """List members.

        One's own organisation's, those included that were removed; for the operator everybody. By id.

        `organisation_id`: Operators: only those of this organisation.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/members`
        """
        call = Call("GET", "/v1/members", query={"organisation_id": organisation_id}, seconds=timeout_seconds)
        return self._transport.pages(call, answers.MemberAnswer, at_most)

    def add(
        self,
        body: bodies.MemberRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.MemberAnswer:
        """Add a member.

        For keys with `access:write`: of the organisation, or the operator's. A member acts with keys
        (POST /v1/keys).

        Nobody makes an owner whose own key could not do an owner's work (403 `missing_scope`).

        `POST /v1/members`
        """
        call = Call(
            "POST",
            "/v1/members",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.MemberAnswer)

    def read(self, member_id: str, *, timeout_seconds: float | None = None) -> answers.MemberAnswer:
        """Read a member.

        One member.

        `GET /v1/members/{member_id}`
        """
        call = Call("GET", f"/v1/members/{segment(member_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.MemberAnswer)

    def change(
        self,
        member_id: str,
        body: bodies.MemberChanges,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.MemberAnswer:
        """Change a member.

        Name, email or role. Another role holds for the member's keys from their next request on; the
        last owner stays one (409 `last_owner`).

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PATCH /v1/members/{member_id}`
        """
        call = Call(
            "PATCH",
            f"/v1/members/{segment(member_id)}",
            headers={"If-Match": if_match},
            body=body,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.MemberAnswer)

    def remove(
        self, member_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.MemberAnswer:
        """Remove a member.

        The member's keys are revoked with it. The last owner cannot be removed (409 `last_owner`).

        `POST /v1/members/{member_id}/remove`
        """
        call = Call(
            "POST",
            f"/v1/members/{segment(member_id)}/remove",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.MemberAnswer)


class Keys:
    """`exchange.keys`. 服务商, 用户: who takes part."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        organisation_id: str | None = None,
        member_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.KeyAnswer]:
        """List keys.

        One's own organisation's, those included that have ended; for the operator all of them. By id.

        `organisation_id`: Operators: only those of this organisation.

        `member_id`: Only those of this member.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/keys`
        """
        call = Call(
            "GET",
            "/v1/keys",
            query={"organisation_id": organisation_id, "member_id": member_id},
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.KeyAnswer, at_most)

    def issue(
        self,
        body: bodies.NewKeyRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.IssuedKeyAnswer:
        """Issue a key.

        For keys with `access:write`. The answer carries the secret, this once: a repetition under the
        same `Idempotency-Key` finds the key, and `secret` null.

        A key gives no scope that it has not itself (403 `missing_scope`), and no longer life than its
        own.

        `POST /v1/keys`
        """
        call = Call(
            "POST", "/v1/keys", body=body, once=True, idempotency_key=idempotency_key, seconds=timeout_seconds
        )
        return self._transport.ask(call, answers.IssuedKeyAnswer)

    def current(self, *, timeout_seconds: float | None = None) -> answers.KeyAnswer:
        """Who am I.

        The key that asks: its role, organisation, member, scopes and end. Every key may know itself.

        `GET /v1/keys/current`
        """
        call = Call("GET", "/v1/keys/current", seconds=timeout_seconds)
        return self._transport.ask(call, answers.KeyAnswer)

    def read(self, key_id: str, *, timeout_seconds: float | None = None) -> answers.KeyAnswer:
        """Read a key.

        One key, without its secret.

        `GET /v1/keys/{key_id}`
        """
        call = Call("GET", f"/v1/keys/{segment(key_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.KeyAnswer)

    def rotate(
        self,
        key_id: str,
        body: bodies.RotationRequest | None = None,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.IssuedKeyAnswer:
        """Give a key a new secret.

        The answer carries the new secret, this once; the old one is good for `overlap_minutes` more. At
        most two secrets of a key are good at once: rotated again meanwhile, the older one ends.

        A key that rotates itself should leave an overlap, in which it goes on if the answer was lost:
        another key rotates it again then, for the secret before gives nothing that outlasts it.

        `POST /v1/keys/{key_id}/rotate`
        """
        call = Call(
            "POST",
            f"/v1/keys/{segment(key_id)}/rotate",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.IssuedKeyAnswer)

    def revoke(
        self, key_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.KeyAnswer:
        """Revoke a key.

        It ends now and for good, with all its secrets.

        `POST /v1/keys/{key_id}/revoke`
        """
        call = Call(
            "POST",
            f"/v1/keys/{segment(key_id)}/revoke",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.KeyAnswer)


class Policy:
    """`exchange.policy`. 策略: what energy, carbon and latency cost."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, *, timeout_seconds: float | None = None) -> answers.PolicyAnswer:
        """Read the policy.

        What energy, carbon, latency and transfer weigh in the rounds to come, and on which terms they
        trade.

        `GET /v1/policy`
        """
        call = Call("GET", "/v1/policy", seconds=timeout_seconds)
        return self._transport.ask(call, answers.PolicyAnswer)

    def set(
        self,
        body: bodies.PolicyPreset | bodies.PolicyWeights,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.PolicyAnswer:
        """Set the policy.

        Operators only: a preset by name, or weights in full; and the terms of trade, which are the
        preset's unless given.

        Rounds that have landed keep theirs, and so does what they granted.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PUT /v1/policy`
        """
        call = Call("PUT", "/v1/policy", headers={"If-Match": if_match}, body=body, seconds=timeout_seconds)
        return self._transport.ask(call, answers.PolicyAnswer)

    def list_policy_presets(self, *, timeout_seconds: float | None = None) -> answers.PolicyPresetsAnswer:
        """Read the presets.

        What the policies that have a name weigh: `PUT /v1/policy`, rounds and scenarios take them by
        it.

        `GET /v1/policy/presets`
        """
        call = Call("GET", "/v1/policy/presets", seconds=timeout_seconds)
        return self._transport.ask(call, answers.PolicyPresetsAnswer)


class Ledger:
    """`exchange.ledger`. 账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def transfers(
        self,
        *,
        order_id: str | None = None,
        allocation_id: str | None = None,
        round_id: str | None = None,
        kind: words.TransferKind | Sequence[words.TransferKind] | None = None,
        account_id: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        sort: Literal["at", "-at"] | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.TransferAnswer]:
        """List transfers.

        Those that touch one's own accounts, all for the operator.

        `order_id`: Only those about this order.

        `allocation_id`: Only those about this allocation.

        `round_id`: Only those about this round.

        `kind`: Only those of this kind; several: any of them.

        `account_id`: Only those out of or into this account.

        `since`: Only those booked then or later.

        `until`: Only those booked before.

        `sort`: Oldest first, or newest first.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/ledger/transfers`
        """
        call = Call(
            "GET",
            "/v1/ledger/transfers",
            query={
                "order_id": order_id,
                "allocation_id": allocation_id,
                "round_id": round_id,
                "kind": kind,
                "account_id": account_id,
                "since": since,
                "until": until,
                "sort": sort,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.TransferAnswer, at_most)

    def check(self, *, timeout_seconds: float | None = None) -> answers.BalanceAnswer:
        """Check the ledger.

        Operators only: whether all balances together are zero, and the accounts' sums those of their
        transfers.

        `GET /v1/ledger/balance`
        """
        call = Call("GET", "/v1/ledger/balance", seconds=timeout_seconds)
        return self._transport.ask(call, answers.BalanceAnswer)


class Accounts:
    """`exchange.accounts`. 账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        kind: words.AccountKind | Sequence[words.AccountKind] | None = None,
        owner_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.AccountAnswer]:
        """List accounts.

        One's own; for the operator every account that money moved through, by id.

        `kind`: Only those of this kind; several: any of them.

        `owner_id`: Only those of this organisation.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/accounts`
        """
        call = Call(
            "GET", "/v1/accounts", query={"kind": kind, "owner_id": owner_id}, seconds=timeout_seconds
        )
        return self._transport.pages(call, answers.AccountAnswer, at_most)

    def read(self, account_id: str, *, timeout_seconds: float | None = None) -> answers.AccountAnswer:
        """Read an account.

        One account as it is now.

        `GET /v1/accounts/{account_id}`
        """
        call = Call("GET", f"/v1/accounts/{segment(account_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.AccountAnswer)

    def deposit(
        self,
        account_id: str,
        body: bodies.AmountRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.TransferAnswer:
        """Book a deposit.

        Operators only: money that came in for a buyer, or for a voucher pool.

        `POST /v1/accounts/{account_id}/deposits`
        """
        call = Call(
            "POST",
            f"/v1/accounts/{segment(account_id)}/deposits",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.TransferAnswer)

    def pay_out(
        self,
        account_id: str,
        body: bodies.AmountRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.TransferAnswer:
        """Book a payout.

        Operators only: money that went out to a provider, at most what is in its account.

        `POST /v1/accounts/{account_id}/payouts`
        """
        call = Call(
            "POST",
            f"/v1/accounts/{segment(account_id)}/payouts",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.TransferAnswer)

    def set_credit_limit(
        self,
        account_id: str,
        body: bodies.CreditLimitRequest,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.AccountAnswer:
        """Set a credit limit.

        Operators only: how far a buyer's account may fall below zero. Orders beyond it are refused.

        With `If-Match`, the balance must be unchanged as well.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PUT /v1/accounts/{account_id}/credit-limit`
        """
        call = Call(
            "PUT",
            f"/v1/accounts/{segment(account_id)}/credit-limit",
            headers={"If-Match": if_match},
            body=body,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.AccountAnswer)


class Invoices:
    """`exchange.invoices`. 账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        month: str,
        buyer_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.InvoiceAnswer]:
        """Invoices of a month.

        A buyer's own; for the operator one of each buyer, by id. A month holds what was booked in it.

        `month`: Calendar month in Asia/Shanghai, YYYY-MM.

        `buyer_id`: Operators: only this buyer's.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/invoices`
        """
        call = Call(
            "GET", "/v1/invoices", query={"month": month, "buyer_id": buyer_id}, seconds=timeout_seconds
        )
        return self._transport.pages(call, answers.InvoiceAnswer, at_most)


class Statements:
    """`exchange.statements`. 账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        month: str,
        provider_id: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.StatementAnswer]:
        """Statements of a month.

        A provider's own; for the operator one of each provider, by id. A month holds what was booked in
        it.

        `month`: Calendar month in Asia/Shanghai, YYYY-MM.

        `provider_id`: Operators: only this provider's.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/statements`
        """
        call = Call(
            "GET",
            "/v1/statements",
            query={"month": month, "provider_id": provider_id},
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.StatementAnswer, at_most)


class VoucherPools:
    """`exchange.voucher_pools`. 账户, 转账, 账单, 算力券: accounts, transfers, bills, vouchers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.VoucherPoolAnswer]:
        """List voucher pools.

        Pools by id, with what is left in them.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/voucher-pools`
        """
        call = Call("GET", "/v1/voucher-pools", seconds=timeout_seconds)
        return self._transport.pages(call, answers.VoucherPoolAnswer, at_most)

    def create(
        self,
        body: bodies.VoucherPoolRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.VoucherPoolAnswer:
        """Create a voucher pool.

        Operators only. Orders name a pool as `voucher_pool_id`; it pays its share when an hour is
        settled.

        `POST /v1/voucher-pools`
        """
        call = Call(
            "POST",
            "/v1/voucher-pools",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.VoucherPoolAnswer)

    def read(
        self, voucher_pool_id: str, *, timeout_seconds: float | None = None
    ) -> answers.VoucherPoolAnswer:
        """Read a voucher pool.

        One pool.

        `GET /v1/voucher-pools/{voucher_pool_id}`
        """
        call = Call("GET", f"/v1/voucher-pools/{segment(voucher_pool_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.VoucherPoolAnswer)


class Scenarios:
    """`exchange.scenarios`. 推演: the same book in another market; fronts; replays."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def compare(
        self,
        body: bodies.ScenariosRequest,
        *,
        idempotency_key: str | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.ScenariosAnswer:
        """Clear the same book in other markets.

        Another policy, prices of carbon and latency, nodes down, a hub that has grown, a latency limit,
        more or less demand: side by side with how it is.

        Operators only. Each clearing is judged like a round's; nothing is stored. Close the connection,
        and it is given up.

        `on_progress` hears how it comes along; what it raises gives it up. With it, `timeout_seconds`
        is the longest silence: a lost connection asks anew, from the first clearing on.

        `POST /v1/scenarios`
        """
        call = Call(
            "POST",
            "/v1/scenarios",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.follow(call, answers.ScenariosAnswer, on_progress)

    def sweep(
        self,
        body: bodies.SweepRequest,
        *,
        idempotency_key: str | None = None,
        on_progress: OnProgress | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.SweepAnswer:
        """The Pareto front of spend, latency and carbon.

        The work that the book's clearing places, at the least spend for rising prices of carbon and of
        latency.

        Every point places the same orders, so points compare. Along each path carbon (latency) only
        falls and spend only rises. Each point tells its certified gap, and the policy that a scenario
        would take to clear at its prices. Operators only; takes points x seconds. Close the connection,
        and it is given up.

        `on_progress` hears how it comes along; what it raises gives it up. With it, `timeout_seconds`
        is the longest silence: a lost connection asks anew, from the first clearing on.

        `POST /v1/scenarios/sweep`
        """
        call = Call(
            "POST",
            "/v1/scenarios/sweep",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.follow(call, answers.SweepAnswer, on_progress)


class Events:
    """`exchange.events`. 事件, 审计: what happens, as it happens; who did it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        kinds: str | Sequence[str] | None = None,
        resource: str | None = None,
        resource_id: str | None = None,
        after: str | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.EventAnswer]:
        """What happens: a stream, or pages.

        Server-sent events: `id`, `event` (the kind) and `data` (JSON). Everybody is told of the market
        itself, a tenant also of its own, the operator of everything. A client that comes again with
        `Last-Event-ID` misses nothing.

        With `Accept: application/json` the same events come as pages, oldest first; to go on from the
        last page, pass the id of the last event as `after`.

        `kinds`: Only these: kinds such as `order.submitted`, families such as `order.*`; several, or
        one with commas.

        `resource`: Only of this sort of thing: order, allocation, quote, round, offering, region, node,
        policy, account, voucher_pool, provider, buyer, member, key, webhook, exchange.

        `resource_id`: Only of this one; `resource` says what it is.

        `after`: Only what came after this event; `evt_0000000000000000`: from the beginning. A stream
        without it tells what happens from now on; a page begins at the beginning.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/events`
        """
        call = Call(
            "GET",
            "/v1/events",
            query={"kinds": kinds, "resource": resource, "resource_id": resource_id, "after": after},
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.EventAnswer, at_most)


class Audit:
    """`exchange.audit`. 事件, 审计: what happens, as it happens; who did it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        kinds: str | Sequence[str] | None = None,
        resource: str | None = None,
        resource_id: str | None = None,
        actor: str | None = None,
        organisation: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.AuditAnswer]:
        """Who did what.

        Operators only: everything that ever happened, newest first, with the key, its organisation, the
        member and the request.

        It is read from the log that the events come from, which nobody can change: the database itself
        refuses to.

        `kinds`: Only these: kinds such as `order.submitted`, families such as `order.*`; several, or
        one with commas.

        `resource`: Only of this sort of thing: order, allocation, quote, round, offering, region, node,
        policy, account, voucher_pool, provider, buyer, member, key, webhook, exchange.

        `resource_id`: Only of this one; `resource` says what it is.

        `actor`: Only what was done with this key; `exchange`: what nobody asked for.

        `organisation`: Only what keys of this organisation did.

        `since`: Only from then on.

        `until`: Only before then.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/audit`
        """
        call = Call(
            "GET",
            "/v1/audit",
            query={
                "kinds": kinds,
                "resource": resource,
                "resource_id": resource_id,
                "actor": actor,
                "organisation": organisation,
                "since": since,
                "until": until,
            },
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.AuditAnswer, at_most)


class Webhooks:
    """`exchange.webhooks`. 事件, 审计: what happens, as it happens; who did it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, at_most: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[answers.WebhookAnswer]:
        """List webhooks.

        One's own organisation's, by id; for the operator all of them.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/webhooks`
        """
        call = Call("GET", "/v1/webhooks", seconds=timeout_seconds)
        return self._transport.pages(call, answers.WebhookAnswer, at_most)

    def create(
        self,
        body: bodies.WebhookRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.WebhookWithSecret:
        """Create a webhook.

        For keys with `webhooks:write`. From now on, what happens is sent to the URL as its owner may
        see it, signed after Standard Webhooks. The answer carries the secret to verify with, this once.

        `POST /v1/webhooks`
        """
        call = Call(
            "POST",
            "/v1/webhooks",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookWithSecret)

    def read(self, webhook_id: str, *, timeout_seconds: float | None = None) -> answers.WebhookAnswer:
        """Read a webhook.

        Without its secret: whoever lost that rotates it.

        `GET /v1/webhooks/{webhook_id}`
        """
        call = Call("GET", f"/v1/webhooks/{segment(webhook_id)}", seconds=timeout_seconds)
        return self._transport.ask(call, answers.WebhookAnswer)

    def change(
        self,
        webhook_id: str,
        body: bodies.WebhookChanges,
        *,
        if_match: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.WebhookAnswer:
        """Change a webhook.

        URL, kinds, description; `state` `paused`, or `active` again, for one that was disabled as well:
        it goes on where it was.

        `if_match`: `answer.received.etag` of what was read: refused (`Changed`) if it is not like that
        any more.

        `PATCH /v1/webhooks/{webhook_id}`
        """
        call = Call(
            "PATCH",
            f"/v1/webhooks/{segment(webhook_id)}",
            headers={"If-Match": if_match},
            body=body,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookAnswer)

    def remove(
        self, webhook_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.WebhookAnswer:
        """Remove a webhook.

        It is told nothing more, what waits included; for good.

        `POST /v1/webhooks/{webhook_id}/remove`
        """
        call = Call(
            "POST",
            f"/v1/webhooks/{segment(webhook_id)}/remove",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookAnswer)

    def rotate_secret(
        self, webhook_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.WebhookWithSecret:
        """Rotate a webhook's secret.

        Another secret, shown this once. For 24 hours what is sent is signed with the one before as
        well.

        `POST /v1/webhooks/{webhook_id}/rotate-secret`
        """
        call = Call(
            "POST",
            f"/v1/webhooks/{segment(webhook_id)}/rotate-secret",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookWithSecret)

    def test(
        self, webhook_id: str, *, idempotency_key: str | None = None, timeout_seconds: float | None = None
    ) -> answers.WebhookAnswer:
        """Test a webhook.

        `webhook.tested` is sent to this webhook alone, whatever kinds it asks for; its deliveries tell
        how it went.

        `POST /v1/webhooks/{webhook_id}/test`
        """
        call = Call(
            "POST",
            f"/v1/webhooks/{segment(webhook_id)}/test",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookAnswer)

    def deliveries(
        self,
        webhook_id: str,
        *,
        state: words.DeliveryState | None = None,
        at_most: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Iterator[answers.DeliveryAnswer]:
        """What was delivered.

        Newest first, each with its tries: when, what was answered or went wrong, how long it took.

        `state`: Only those in this state.

        An iterator over all pages; `at_most`: no more items than that.

        `GET /v1/webhooks/{webhook_id}/deliveries`
        """
        call = Call(
            "GET",
            f"/v1/webhooks/{segment(webhook_id)}/deliveries",
            query={"state": state},
            seconds=timeout_seconds,
        )
        return self._transport.pages(call, answers.DeliveryAnswer, at_most)

    def replay(
        self,
        webhook_id: str,
        body: bodies.ReplayRequest,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.WebhookReplayAnswer:
        """Send events again.

        What the webhook asks for is delivered once more, after one event and up to another, under the
        same `webhook-id`s; 10,000 events at most.

        `POST /v1/webhooks/{webhook_id}/replay`
        """
        call = Call(
            "POST",
            f"/v1/webhooks/{segment(webhook_id)}/replay",
            body=body,
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.WebhookReplayAnswer)

    def retry(
        self,
        webhook_id: str,
        delivery_id: str,
        *,
        idempotency_key: str | None = None,
        timeout_seconds: float | None = None,
    ) -> answers.DeliveryAnswer:
        """Try a delivery now.

        One that was given up, or that waits; later events of its resource wait for it meanwhile.

        `POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry`
        """
        call = Call(
            "POST",
            f"/v1/webhooks/{segment(webhook_id)}/deliveries/{segment(delivery_id)}/retry",
            once=True,
            idempotency_key=idempotency_key,
            seconds=timeout_seconds,
        )
        return self._transport.ask(call, answers.DeliveryAnswer)


class About:
    """`exchange.about`. 交易所: what a client asks first; demo sessions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, *, timeout_seconds: float | None = None) -> answers.ExchangeAnswer:
        """What this exchange is.

        Version, policy and pricing rule in force, the newest round, when the next one is due, and
        limits of requests.

        `GET /v1/exchange`
        """
        call = Call("GET", "/v1/exchange", seconds=timeout_seconds)
        return self._transport.ask(call, answers.ExchangeAnswer)


class DemoSessions:
    """`exchange.demo_sessions`. 交易所: what a client asks first; demo sessions."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open(
        self, body: bodies.DemoSessionRequest, *, timeout_seconds: float | None = None
    ) -> answers.DemoSessionAnswer:
        """Look around with a key for an hour.

        For exchanges that demonstrate an invented market (`SUANLI_DEMO_SESSIONS=true`); everywhere else
        404.

        A key of the busiest buyer or provider, or of the operator, without the scopes `access:write`,
        `money:write` and `webhooks:write`. It ends in an hour. Each request gives out another one.

        `POST /v1/demo-sessions`
        """
        call = Call("POST", "/v1/demo-sessions", body=body, seconds=timeout_seconds)
        return self._transport.ask(call, answers.DemoSessionAnswer)


class Health:
    """`exchange.health`. Whether the exchange is up and ready."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def live(self, *, timeout_seconds: float | None = None) -> answers.Health:
        """Is it up.

        The process answers. It asks nobody: not the database, not another thread.

        `GET /healthz`
        """
        call = Call("GET", "/healthz", seconds=timeout_seconds)
        return self._transport.ask(call, answers.Health)

    def ready(self, *, timeout_seconds: float | None = None) -> answers.Readiness:
        """Can it work.

        The database is there, at this program's schema and writable, has room; the solver takes
        problems; nobody stops it.

        503 `not_ready` has every check in `checks`, and the names of those that failed in `failed`.

        `GET /readyz`
        """
        call = Call("GET", "/readyz", seconds=timeout_seconds)
        return self._transport.ask(call, answers.Readiness)


class Metrics:
    """`exchange.metrics`. Whether the exchange is up and ready."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, *, timeout_seconds: float | None = None) -> str:
        """How it does.

        For Prometheus: with the operator's metrics token, or, where none is set, from the exchange's
        own machine.

        `GET /metrics`
        """
        call = Call("GET", "/metrics", seconds=timeout_seconds)
        return self._transport.ask_text(call)


class Operations:
    """All groups."""

    def __init__(self, transport: Transport) -> None:
        self.orders = Orders(transport)
        self.quotes = Quotes(transport)
        self.forecasts = Forecasts(transport)
        self.prices = Prices(transport)
        self.allocations = Allocations(transport)
        self.rounds = Rounds(transport)
        self.nodes = Nodes(transport)
        self.offerings = Offerings(transport)
        self.regions = Regions(transport)
        self.devices = Devices(transport)
        self.round_trip_times = RoundTripTimes(transport)
        self.providers = Providers(transport)
        self.buyers = Buyers(transport)
        self.members = Members(transport)
        self.keys = Keys(transport)
        self.policy = Policy(transport)
        self.ledger = Ledger(transport)
        self.accounts = Accounts(transport)
        self.invoices = Invoices(transport)
        self.statements = Statements(transport)
        self.voucher_pools = VoucherPools(transport)
        self.scenarios = Scenarios(transport)
        self.events = Events(transport)
        self.audit = Audit(transport)
        self.webhooks = Webhooks(transport)
        self.about = About(transport)
        self.demo_sessions = DemoSessions(transport)
        self.health = Health(transport)
        self.metrics = Metrics(transport)
