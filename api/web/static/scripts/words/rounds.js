// Words of the rounds.

export const ROUNDS = {
  zh: {
    title: "轮次", note: "每一轮把所有挂单与空余算力一次出清；差距是可证的：不可能有更好的结果超过上界。", none: "还没有轮次", none_how: "运营方在“运营”页或用 suanli rounds clear 出清一轮。",
    opened: "开始", state: "状态", policy: "策略", pricing: "定价", orders: "订单", placed: "成交", gap: "差距", value: "净价值", seconds: "用时（秒）", round: "轮次", more: "更早的轮次",
    round_title: "轮次 {id}", live: "正在出清", live_over: "轮次 {id} 已结束，结果如下。", live_note: "价值（下）向上、上界（上）向下，之间就是差距。", progress: "求解过程", progress_note: "求解器找到的净价值与可证上界，随时间。", bound: "上界",
    step_freeze: "冻结市场", step_build: "建模", step_solve: "求解", step_verify: "核验", step_read: "译回", step_land: "落账", steps: "步骤",
    gap_parts: "差距的构成", gap_parts_note: "四部分相加正好等于上界减净价值。", regret_of_accepted: "成交者的遗憾", regret_of_rejected: "未成交者的遗憾", idle_units: "空置而有价的算力", idle_power: "空置而有价的电力", bound_less_value: "上界减净价值",
    gp_accepted: "已成交的订单按本轮价格在别处还能多得的", gp_rejected: "未成交的订单按本轮价格本可得到的", gp_units: "有稀缺价格却没卖出的算力", gp_power: "有稀缺价格却没用上的电力",
    prices: "价格：算力产品 × 小时", congestion_note: "每单位小时因稀缺（拥挤）多出的价格；越红越紧。", effective_note: "每单位小时的价格减去挂牌价：能源、碳与稀缺（拥挤）之和；越红越紧。", tightest: "图上为 {all} 个算力产品中最紧的 {shown} 个；数据表与 CSV 里有全部。", unit_price: "元/单位·小时", effective: "挂牌价以上", congestion: "拥挤价", part: "显示", offering: "算力产品", hour: "小时", only_scarce: "只看有拥挤的",
    use: "使用的功率与上限", use_note: "各算力中心每小时使用的设施功率占上架功率的份额。", settlement: "结算", buyers_pay: "用户支付", providers_earn: "服务商收入", make_whole: "补足", capped: "受限价封顶的订单",
    pricing_both: "同一轮，两种定价", figures: "数字", failure: "原因", left_out: "出清期间离场", files: "核验材料", problem_file: "问题数组", clearing_file: "出清结果", files_note: "suanli verify 用它们重算一切；需要运营方密钥。", on_map: "在地图上看",
    status: "状态", map_link: "地图",
  },
  en: {
    title: "Rounds", note: "A round clears all open orders against all open capacity at once. Its gap is certified: no result can be better than the bound.", none: "There is no round yet", none_how: "An operator clears one on the operator's page, or with suanli rounds clear.",
    opened: "Opened", state: "State", policy: "Policy", pricing: "Pricing", orders: "Orders", placed: "Placed", gap: "Gap", value: "Net value", seconds: "Seconds", round: "Round", more: "Earlier rounds",
    round_title: "Round {id}", live: "Clearing now", live_over: "Round {id} has ended; this is how.", live_note: "The value rises from below, the bound falls from above; between them lies the gap.", progress: "How it was solved", progress_note: "Net value and certified bound as the solver found them, over time.", bound: "Bound",
    step_freeze: "Freeze the market", step_build: "Build", step_solve: "Solve", step_verify: "Verify", step_read: "Read back", step_land: "Land", steps: "Steps",
    gap_parts: "What the gap is made of", gap_parts_note: "The four parts add up to bound less value, exactly.", regret_of_accepted: "Regret of the accepted", regret_of_rejected: "Regret of the rejected", idle_units: "Idle, priced capacity", idle_power: "Idle, priced power", bound_less_value: "Bound less value",
    gp_accepted: "What placed orders could gain elsewhere at the round's prices", gp_rejected: "What unplaced orders could gain at the round's prices", gp_units: "Capacity that has a scarcity price and was not sold", gp_power: "Power that has a scarcity price and was not used",
    prices: "Prices by offering and hour", congestion_note: "What scarcity (congestion) adds to the price of a unit-hour; redder is tighter.", effective_note: "Price of a unit-hour above the ask: energy, carbon and scarcity (congestion); redder is tighter.", tightest: "The picture has the {shown} tightest of {all} offerings; the table and the CSV have all.", unit_price: "CNY per unit-hour", effective: "Above the ask", congestion: "Congestion", part: "Show", offering: "Offering", hour: "Hour", only_scarce: "Congested only",
    use: "Power in use", use_note: "Facility power of each centre by hour, as a share of what is listed.", settlement: "Settlement", buyers_pay: "Buyers pay", providers_earn: "Providers earn", make_whole: "Make-whole", capped: "Orders capped by their limit",
    pricing_both: "The same round under both rules", figures: "Figures", failure: "Why", left_out: "Left while it cleared", files: "To check it", problem_file: "Problem arrays", clearing_file: "Clearing", files_note: "suanli verify recomputes everything from them; they need an operator's key.", on_map: "See it on the map",
    status: "Status", map_link: "Map",
  },
};
