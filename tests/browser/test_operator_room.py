"""The operator's room: every tab opens, and what it shows is what the API says."""

import pytest
from looking import opened, settle
from playwright.sync_api import Browser, Page, expect
from shown_site import Json, Site

pytestmark = pytest.mark.browser
ROOM = "/operator?lang=en"
STATES = {
    "draft": "Draft",
    "open": "Open",
    "allocated": "Allocated",
    "active": "Running",
    "interrupted": "Interrupted",
}


def rows_of(page: Page, title: str) -> list[list[str]]:
    """The cells of the table that has this name."""
    rows = page.get_by_role("region", name=title, exact=True).locator("tbody tr")
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def amount_of(written: str) -> float:
    return float(written.replace("−", "-").replace("¥", "").replace(",", ""))


def everything(site: Site, path: str, **params: object) -> list[Json]:
    found: list[Json] = site.ask("GET", path, site.operator, params={"limit": 1000, **params})["items"]
    return found


def test_the_tabs_lead_to_each_part_and_back(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + ROOM, key=site.operator) as page:
        tabs = page.locator(".tabs a")
        names = tabs.all_inner_texts()
        assert len(names) == 4
        for name in names[1:]:
            tabs.filter(has_text=name).focus()
            page.keyboard.press("Enter")
            expect(page.locator(".tabs [aria-current=page]")).to_have_text(name)
            settle(page)
            address = page.url
            page.reload()
            settle(page)
            assert page.url == address
            expect(page.locator(".tabs [aria-current=page]")).to_have_text(name)
        for name in reversed(names[:-1]):
            page.go_back()
            expect(page.locator(".tabs [aria-current=page]")).to_have_text(name)
        settle(page)


def test_the_ledger_is_that_of_the_accounts(browser: Browser, site: Site) -> None:
    accounts = everything(site, "/v1/accounts")
    balance = site.ask("GET", "/v1/ledger/balance", site.operator)
    with opened(browser, site.url + ROOM, key=site.operator) as page:
        expect(page.locator("[data-figure=imbalance]")).to_have_text(f"¥{float(balance['imbalance']):,.2f}")
        *kinds, total = rows_of(page, "Ledger")
    assert total[1:] == [f"{len(accounts):,}", "¥0.00"]
    by_kind: dict[str, list[float]] = {}
    for account in accounts:
        by_kind.setdefault(account["kind"], []).append(float(account["balance"]))
    by_kind: dict[str, list[float]] = {}
    for account in accounts:
        by_kind.setdefault(account["kind"], []).append(float(account["balance"]))
    assert [row[1] for row in kinds] == [f"{len(amounts):,}" for amounts in by_kind.values()]
    assert [amount_of(row[2]) for row in kinds] == pytest.approx(
        [sum(amounts) for amounts in by_kind.values()], abs=0.006
    )


def test_the_book_counts_every_order(browser: Browser, site: Site) -> None:
    with opened(browser, site.url + ROOM, key=site.operator) as page:
        rows = rows_of(page, "The book")
    shown = {row[0]: [int(cell.replace(",", "")) for cell in row[1:]] for row in rows}
    for state, name in STATES.items():
        orders = everything(site, "/v1/orders", state=state)
        assert shown[name][0] == len(orders)
        assert sum(shown[name][1:]) == len(orders)


def test_the_policy_in_force_is_in_the_form(browser: Browser, site: Site) -> None:
    policy = site.ask("GET", "/v1/policy")
    with opened(browser, site.url + ROOM, key=site.operator) as page:
        form = page.locator("form.policy-form")
        for label, name in (
            ("Energy weight", "energy_weight"),
            ("Latency weight", "latency_weight"),
            ("Fee rate", "fee_rate"),
        ):
            assert float(form.get_by_label(label, exact=True).input_value()) == policy[name]
        for label, name in (
            ("Carbon price (CNY/kg)", "carbon_price_per_kg"),
            ("Cost of a move (CNY)", "move_cost"),
        ):
            assert form.get_by_label(label, exact=True).input_value() == policy[name]


def test_a_policy_is_set_and_the_next_round_knows_it(browser: Browser, own_site: Site) -> None:
    with opened(browser, own_site.url + ROOM, key=own_site.operator) as page:
        page.locator("form.policy-form").get_by_label("How").select_option("green")
        page.get_by_role("button", name="Set the policy").click()
        expect(page.locator("#notices")).to_contain_text("Green")
        settle(page)
        expect(page.locator(".tag").filter(has_text="In force")).to_contain_text("Green")
    assert own_site.ask("GET", "/v1/policy")["name"] == "green"


def test_a_centre_is_marked_down_and_up_again(browser: Browser, own_site: Site) -> None:
    node = min(everything(own_site, "/v1/nodes"), key=lambda one: str(one["name_en"]))
    with opened(browser, own_site.url + ROOM, key=own_site.operator) as page:
        for before, after in (("down", "up"), ("up", "down")):
            page.get_by_role("button", name=f"Mark {before}: {node['name_en']}", exact=True).click()
            page.get_by_role("dialog").get_by_role("button", name=f"Mark {before}").click()
            expect(
                page.get_by_role("button", name=f"Mark {after}: {node['name_en']}", exact=True)
            ).to_be_visible()
            assert own_site.ask("GET", f"/v1/nodes/{node['id']}")["state"] == before
        settle(page)


def test_the_audit_is_filtered_and_grows_as_it_is_read(browser: Browser, own_site: Site) -> None:
    newest = own_site.ask("GET", "/v1/audit", own_site.operator, params={"limit": 50})["items"]
    with opened(browser, own_site.url + ROOM + "&part=audit", key=own_site.operator) as page:
        shown = rows_of(page, "Audit")
        assert [row[1:3] for row in shown] == [[one["kind"], one["resource_id"]] for one in newest]
        page.get_by_label("Kinds").fill("round.*")
        page.keyboard.press("Enter")
        page.get_by_label("Kinds").blur()
        rounds = page.get_by_role("region", name="Audit", exact=True).locator("tbody tr")
        expect(rounds.filter(has_text="order.")).to_have_count(0)
        before = rounds.count()
        expect(page.locator(".live")).to_be_visible()
        own_site.clear()
        expect(rounds.nth(before)).to_be_attached(timeout=60_000)
        expect(rounds.first).to_contain_text("round.landed", timeout=60_000)
        assert rounds.count() > before
        settle(page)


def test_keys_are_listed_issued_and_revoked(browser: Browser, own_site: Site) -> None:
    with opened(browser, own_site.url + ROOM + "&part=access", key=own_site.operator) as page:
        live = [key for key in everything(own_site, "/v1/keys") if key["state"] == "live"]
        assert [row[1] for row in rows_of(page, "Keys")] == [key["prefix"] for key in reversed(live)]
        page.get_by_role("button", name="Issue a key").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("What for").fill("night shift")
        dialog.get_by_role("button", name="Issue a key").click()
        secret = dialog.locator("pre.secret").inner_text()
        assert own_site.ask("GET", "/v1/keys/current", secret)["role"] == "operator"
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Revoke: night shift").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("button", name="Revoke: night shift")).to_have_count(0)
        settle(page)
    (made,) = [key for key in everything(own_site, "/v1/keys") if key["name"] == "night shift"]
    assert made["state"] == "revoked"
