// The ledger: its one figure that must be zero, and where the money is.
import { all, get } from "../api.js";
import { card, element, table } from "../elements.js";
import { cnyInFull, number } from "../format.js";
import { hasWord, words } from "../language.js";
import { OPERATOR } from "../words/operator.js";

const say = words(OPERATOR);

export async function ledgerCard() {
  const [balance, accounts] = await Promise.all([get("/v1/ledger/balance"), all("/v1/accounts")]);
  const kinds = new Map();
  for (const { kind, balance: amount } of accounts) {
    const sums = kinds.get(kind) ?? { accounts: 0, micros: 0n };
    kinds.set(kind, { accounts: sums.accounts + 1, micros: sums.micros + microsOf(amount) });
  }
  const rows = [...kinds].map(([kind, { accounts: many, micros }]) => [hasWord(OPERATOR, `account_${kind}`) ? say(`account_${kind}`) : kind, number(many), cnyInFull(Number(micros) / 1e6)]);
  const total = [...kinds.values()].reduce((sum, { micros }) => sum + micros, 0n);
  const columns = [{ label: say("account_kind"), word: true }, { label: say("accounts") }, { label: say("balance") }];
  const good = balance.balances && total === 0n;
  return card(say("ledger"), null,
    element("p", { class: `balance ${good ? "good" : "bad"}`, "data-figure": "imbalance" }, cnyInFull(balance.imbalance)),
    element("p", { class: "note" }, say(good ? "ledger_balances" : "ledger_off")),
    table(say("ledger"), columns, [...rows, [element("strong", {}, say("sum")), number(accounts.length), element("strong", {}, cnyInFull(Number(total) / 1e6))]]));
}

// A decimal string in micro-yuan, exactly.
function microsOf(text) {
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const micros = BigInt(whole) * 1_000_000n + BigInt(part.padEnd(6, "0").slice(0, 6));
  return sign ? -micros : micros;
}
