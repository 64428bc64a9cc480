// The views: where each is found, who may open it, and in which room it lives. A room is loaded when it is first opened.

export const VIEWS = [
  { name: "market", path: "/", menu: true, room: () => import("./views/market.js") },
  { name: "rounds", path: "/rounds", menu: true, room: () => import("./views/rounds.js") },
  { name: "round", path: "/rounds/{round_id}", of: "rounds", room: () => import("./views/round.js") },
  { name: "catalogue", path: "/catalogue", menu: true, room: () => import("./views/catalogue.js") },
  { name: "offering", path: "/catalogue/{offering_id}", of: "catalogue", room: () => import("./views/offering.js") },
  { name: "orders", path: "/orders", menu: true, roles: ["buyer", "operator"], room: () => import("./views/orders.js") },
  { name: "submit", path: "/orders/new", of: "orders", roles: ["buyer", "operator"], room: () => import("./views/submit.js") },
  { name: "order", path: "/orders/{order_id}", of: "orders", roles: ["buyer", "operator"], room: () => import("./views/order.js") },
  { name: "whatif", path: "/what-if", menu: true, roles: ["operator"], room: () => import("./views/whatif.js") },
  { name: "provider", path: "/provider", menu: true, roles: ["provider", "operator"], room: () => import("./views/provider.js") },
  { name: "operator", path: "/operator", menu: true, roles: ["operator"], room: () => import("./views/operator.js") },
  { name: "signin", path: "/sign-in", room: () => import("./views/signin.js") },
  { name: "nowhere", path: "/nowhere", room: () => import("./views/nowhere.js") },
];
