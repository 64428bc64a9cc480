// Words about places for an order: axes, groups, reasons, changes. Shared by quotes and explanations.

export const PLACING = {
  zh: {
    axis_rtt: "往返时延（毫秒）", axis_cost: "全成本（元）", axis_price: "价格（元）", axis_carbon_location: "碳排放·电网（千克）", axis_carbon_market: "碳排放·合同（千克）", axis_energy: "设施用电（千瓦时）", axis_pue: "PUE", axis_green: "绿电占比",
    horizontal: "横轴", vertical: "纵轴", cost_note: "全成本 = 价格 + 策略计入的能源、碳、时延与传输；限价与它比较，实际只付价格。", size_note: "气泡面积为按电网计的碳排放。",
    limit_line: "{axis}上限 {limit}", group_chosen: "成交处", group_best: "当前最优", group_fits: "放得下", group_dearer: "可行但更贵", group_priced: "超出限价", group_busy: "没有空余或电力", group_ruled: "条件不符",
    why_device: "{device}不合要求", why_far: "{rtt} > 上限 {limit}", why_pue: "PUE {pue} > 上限 {limit}", why_green: "绿电 {green} < 下限 {limit}", why_region: "{region}不在允许的区域内",
    why_large: "需要 {units}，单笔最多 {most}", why_small: "需要 {units}，单笔至少 {least}", why_late: "需要 {needed} 小时，窗口只有 {window} 小时", why_price: "全成本 {cost}，限价 {limit}", why_busy: "所需 {needed} 小时中有 {busy} 小时已满",
    why_free_slot: "空余时段的全成本 {cost}", why_congestion: "拥挤价 {congestion}", why_dearer: "按策略目标更贵", why_cheapest: "按策略目标最便宜",
    nodes: "{count} 个算力中心", any: "不限", comma: "、",
    about_NO_SUCH_DEVICE: "没有所要的设备、精度或显存。", about_TOO_FAR: "往返时延超过上限。", about_NOT_ALLOWED_THERE: "区域、PUE 或绿电条件不允许。", about_TOO_LARGE: "一处放不下这么多单位，或不接这么小的单。", about_TOO_LATE: "赶不上截止时间。",
    about_PRICED_OUT: "全成本高于限价。", about_NO_CAPACITY: "所需时段没有空余单位。", about_NO_POWER: "所需时段没有空余电力。", about_NOT_THIS_ROUND: "放得下也付得起，但本轮把位置给了价值更高的订单。",
    change: "{field}：{from} → {to}（变动 {by}），运行于{node}", field_limit_price: "限价", field_deadline: "截止时间", field_max_rtt_ms: "时延上限", field_allowed_regions: "允许的区域", field_devices: "设备", field_units: "数量", field_max_pue: "PUE 上限", field_min_green_share: "绿电下限",
  },
  en: {
    axis_rtt: "Round trip (ms)", axis_cost: "Full cost (CNY)", axis_price: "Price (CNY)", axis_carbon_location: "Carbon by grid (kg)", axis_carbon_market: "Carbon by contract (kg)", axis_energy: "Facility energy (kWh)", axis_pue: "PUE", axis_green: "Green share",
    horizontal: "Across", vertical: "Up", cost_note: "Full cost = price + what the policy counts for energy, carbon, latency and transfer. The limit price is compared with it; only the price is paid.", size_note: "The area of a bubble is carbon by grid.",
    limit_line: "Limit: {axis} {limit}", group_chosen: "Where it runs", group_best: "Best now", group_fits: "Fits", group_dearer: "Possible, dearer", group_priced: "Above the limit price", group_busy: "No capacity or power", group_ruled: "Ruled out",
    why_device: "{device} is not what is asked for", why_far: "{rtt} > limit {limit}", why_pue: "PUE {pue} > limit {limit}", why_green: "green share {green} < limit {limit}", why_region: "{region} is not among the allowed regions",
    why_large: "{units} asked, {most} at most at once", why_small: "{units} asked, {least} at least", why_late: "{needed} hours needed, {window} in the window", why_price: "full cost {cost}, limit price {limit}", why_busy: "full in {busy} of the hours; {needed} needed",
    why_free_slot: "a free slot costs {cost} in full", why_congestion: "congestion price {congestion}", why_dearer: "dearer by the policy’s objective", why_cheapest: "cheapest by the policy’s objective",
    nodes: "Centres: {count}", any: "any", comma: ", ",
    about_NO_SUCH_DEVICE: "No device there has the kind, precision or memory asked for.", about_TOO_FAR: "The round trip is above the limit.", about_NOT_ALLOWED_THERE: "Region, PUE or green share rule it out.", about_TOO_LARGE: "So many units do not fit in one place, or so few are not taken.", about_TOO_LATE: "It cannot be over by the deadline.",
    about_PRICED_OUT: "The full cost is above the limit price.", about_NO_CAPACITY: "No units are free when they are needed.", about_NO_POWER: "No power is free when it is needed.", about_NOT_THIS_ROUND: "It fits and pays, but the round gave the place to orders worth more.",
    change: "{field}: {from} → {to} (a change of {by}), to run at {node}", field_limit_price: "Limit price", field_deadline: "Deadline", field_max_rtt_ms: "Round trip limit", field_allowed_regions: "Allowed regions", field_devices: "Devices", field_units: "Units", field_max_pue: "PUE limit", field_min_green_share: "Green share at least",
  },
};
