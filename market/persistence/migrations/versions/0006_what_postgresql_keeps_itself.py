"""PostgreSQL itself keeps what is promised: no hour is sold twice, no order runs twice, sums are those of transfers.

Triggers for whole statements, so that a landing of thousands costs one look. They are made under short locks and read
nothing that is stored: what was there before is taken as it is, what is written from now on is checked.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

HAVE_ROOM = """
CREATE FUNCTION allocations_have_room(ids varchar[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    broken record;
BEGIN
    IF ids IS NULL THEN
        RETURN;
    END IF;
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION 'allocations are granted under READ COMMITTED or SERIALIZABLE: what others grant must be seen'
            USING ERRCODE = 'active_sql_transaction';
    END IF;
    PERFORM pg_advisory_xact_lock(19265);  -- 0x4B41, as the exchange itself holds capacity: one after the other
    WITH touched AS (
        SELECT offering_id, min(starts_at) AS since, max(ends_at) AS until
        FROM allocations WHERE id = ANY (ids) GROUP BY offering_id
    ), held AS (
        SELECT a.offering_id, a.starts_at, a.ends_at, o.units * o.slices_per_unit AS most,
            (a.units * a.unit_tenths * o.slices_per_unit + 9) / 10 AS parts, (a.id = ANY (ids))::int AS added
        FROM touched t
        JOIN offerings o ON o.id = t.offering_id
        JOIN allocations a ON a.offering_id = t.offering_id AND a.ends_at > t.since
        WHERE a.live = 1 AND a.starts_at < t.until
    ), steps AS (
        SELECT offering_id, most, starts_at AS at, parts, added FROM held
        UNION ALL
        SELECT offering_id, most, ends_at, -parts, -added FROM held
    ), uses AS (
        SELECT offering_id, most, at, sum(parts) OVER upto AS used, sum(added) OVER upto AS added
        FROM steps WINDOW upto AS (PARTITION BY offering_id ORDER BY at)
    )
    SELECT * INTO broken FROM uses WHERE used > most AND added > 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'offering % would give % of % parts at %', broken.offering_id, broken.used, broken.most, broken.at
            USING ERRCODE = 'check_violation', TABLE = 'allocations', CONSTRAINT = 'ck_allocations_room';
    END IF;
    SELECT n.order_id INTO broken
    FROM allocations n
    JOIN allocations a ON a.order_id = n.order_id AND a.id <> n.id
    WHERE n.id = ANY (ids) AND a.starts_at < n.ends_at
        AND least(a.ends_at, a.ended_at) > greatest(a.starts_at, n.starts_at)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'order % would run twice at a time', broken.order_id
            USING ERRCODE = 'exclusion_violation', TABLE = 'allocations', CONSTRAINT = 'ex_allocations_order_id';
    END IF;
END $$"""
ADDED = """
CREATE FUNCTION allocations_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM allocations_have_room((SELECT array_agg(id) FROM added WHERE live = 1));
    RETURN NULL;
END $$"""
CHANGED = """
CREATE FUNCTION allocations_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM allocations_have_room(ARRAY[NEW.id]);
    RETURN NULL;
END $$"""
ROOM_TRIGGERS = (
    """
CREATE TRIGGER allocations_added AFTER INSERT ON allocations REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION allocations_added()""",
    """
CREATE TRIGGER allocations_changed
AFTER UPDATE OF live, offering_id, order_id, units, unit_tenths, starts_at, ends_at ON allocations FOR EACH ROW
WHEN (NEW.live = 1 AND (OLD.live, OLD.offering_id, OLD.order_id, OLD.units, OLD.unit_tenths, OLD.starts_at, OLD.ends_at)
    IS DISTINCT FROM (NEW.live, NEW.offering_id, NEW.order_id, NEW.units, NEW.unit_tenths, NEW.starts_at, NEW.ends_at))
EXECUTE FUNCTION allocations_changed()""",
)
TALLY = """
CREATE UNLOGGED TABLE ledger_tally (
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    account_id varchar NOT NULL,
    debits_micros numeric NOT NULL,
    credits_micros numeric NOT NULL,
    CONSTRAINT pk_ledger_tally PRIMARY KEY (xact, account_id)
)"""
COUNT = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger_tally AS tally (account_id, debits_micros, credits_micros)
    {counted}
    ON CONFLICT (xact, account_id) DO UPDATE SET
        debits_micros = tally.debits_micros + excluded.debits_micros,
        credits_micros = tally.credits_micros + excluded.credits_micros;
    RETURN NULL;
END $$"""
COUNTED = {
    "transfers_tallied": """
    SELECT account_id, sum(debit), sum(credit) FROM (
        SELECT debit_account_id AS account_id, amount_micros AS debit, 0 AS credit FROM added
        UNION ALL
        SELECT credit_account_id, 0, amount_micros FROM added
    ) AS sides GROUP BY account_id""",
    "accounts_opened_tallied": """
    SELECT id, -debits_micros, -credits_micros FROM added WHERE debits_micros <> 0 OR credits_micros <> 0""",
    "accounts_tallied": """
    SELECT now.id, was.debits_micros - now.debits_micros, was.credits_micros - now.credits_micros
    FROM added AS now JOIN removed AS was ON was.id = now.id
    WHERE (was.debits_micros, was.credits_micros) IS DISTINCT FROM (now.debits_micros, now.credits_micros)""",
}
EVEN = """
CREATE FUNCTION ledger_is_even() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    odd record;
BEGIN
    DELETE FROM ledger_tally WHERE xact = NEW.xact AND account_id = NEW.account_id
    RETURNING debits_micros, credits_micros INTO odd;
    IF FOUND AND (odd.debits_micros <> 0 OR odd.credits_micros <> 0) THEN
        RAISE EXCEPTION 'the sums of account % would not be those of its transfers', NEW.account_id
            USING ERRCODE = 'check_violation', TABLE = 'accounts', CONSTRAINT = 'ck_accounts_transfers';
    END IF;
    RETURN NULL;
END $$"""
TALLY_TRIGGERS = (
    """
CREATE TRIGGER transfers_tallied AFTER INSERT ON transfers REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION transfers_tallied()""",
    """
CREATE TRIGGER accounts_opened_tallied AFTER INSERT ON accounts REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION accounts_opened_tallied()""",
    """
CREATE TRIGGER accounts_tallied AFTER UPDATE ON accounts REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION accounts_tallied()""",
    """
CREATE CONSTRAINT TRIGGER ledger_is_even AFTER INSERT ON ledger_tally DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION ledger_is_even()""",
)


def upgrade() -> None:
    """Forward."""
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite has one writer, which checks before it writes
    counting = [COUNT.format(name=name, counted=counted) for name, counted in COUNTED.items()]
    for statement in (HAVE_ROOM, ADDED, CHANGED, *ROOM_TRIGGERS, TALLY, *counting, EVEN, *TALLY_TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for trigger, table in (
        ("allocations_added", "allocations"),
        ("allocations_changed", "allocations"),
        ("transfers_tallied", "transfers"),
        ("accounts_opened_tallied", "accounts"),
        ("accounts_tallied", "accounts"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {trigger}()")
    op.execute("DROP TABLE ledger_tally")
    op.execute("DROP FUNCTION ledger_is_even()")
    op.execute("DROP FUNCTION allocations_have_room(varchar[])")
