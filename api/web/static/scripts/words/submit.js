// Words of submitting an order, and of its fields.

export const SUBMIT = {
  zh: {
    title: "提交订单", note: "边填边报价：每个算力中心现在要多少钱、为什么有的不行、最少改什么就能成交。", presets: "从一种任务开始", fine_tune: "微调大模型", pretrain: "大模型训练", realtime: "实时推理", batch: "批量推理", hpc_run: "超算任务", render: "渲染农场", services: "通用服务",
    part_job: "任务", part_where: "在哪里", part_terms: "商务条款",
    compute_class: "算力类别", job_class: "任务类别", devices: "设备", devices_hint: "先勾的设备是运行小时的基准；其他设备按其速度折算。", precision: "精度", precision_any: "不限（各处一样快）", min_memory_gb: "单卡显存不少于（GB）", units: "数量（卡或核）", units_hint: "整数，或 0.1–0.9 张卡；同时到位。", hours: "运行小时", hours_hint: "在所列第一种设备上，或在该类别的参考设备上。", hours_by_device: "按设备分别给出：{hours}",
    origin_region: "用户与数据在", max_rtt_ms: "往返时延不高于（毫秒）", data_gb: "要搬的数据（GB）", allowed_regions: "允许的区域", max_pue: "PUE 不高于", min_green_share: "绿电占比不少于（0–1）",
    limit_price: "限价（元，整单）", limit_auto: "自动：{price}，比现在能成交的高 {margin}。", limit_own: "最多付这么多；与全成本比较。", limit_needed: "还没有报价：请填最多付多少，或等报价出来。", latency_cost_per_ms_hour: "每毫秒时延的代价（元/单位·小时）", earliest_start: "最早开始（北京时间）", deadline: "截止（北京时间）", time_in_force: "有效方式", immediate: "立即成交否则拒绝", next_round: "只等一轮", until_deadline: "一直等到截止",
    interruptible: "可以中断后在别处继续", voucher_pool_id: "算力券", no_voucher: "不用", buyer_id: "代哪个用户", any: "不限", comma: "、", none: "不限",
    quote: "现在的报价", asking: "正在询价……", incomplete: "填好各项后报价。", answered: "{fits} 个算力中心现在放得下，其中 {paid} 个在限价以内。", nowhere: "现在没有一处放得下这份订单。", price_to_place: "成交所需限价", price_note: "全成本；低于它就要等", best: "最优处", you_pay: "实际支付", starts: "开始", best_note: "{node}，时延 {rtt}",
    smallest: "最小的改动", apply_change: "改成这样", apply_price: "把限价定为 {price}", fits_now: "按现在的条款就能成交：下一轮、立即单或锁定报价都可以。", no_change: "任何单独一项改动都不能让它现在成交：放宽不止一项，或改期。",
    options: "各处的选择", options_note: "每个算力中心最好的一种，按全成本排列。", options_table: "各处的选择（表）", node: "算力中心", device: "设备", price: "价格", cost: "全成本", rtt: "时延", carbon: "碳排放·电网", carbon_contract: "碳排放·合同", verdict: "限价", within: "以内", above: "超出", show_all: "显示全部 {count} 处",
    why_not: "别处为什么不行", everywhere: "没有一处被排除。",
    hold: "锁定报价 {minutes} 分钟", hold_note: "位置留出、价格不变；期间用它提交即成交。", held: "已锁定：{node}，{price}，{starts} 开始", held_until: "还剩 {left}", lapsed: "锁定已到期，请重新询价。", release: "放弃锁定", released: "已放弃锁定。", submit_held: "按锁定价 {price} 提交",
    submit: "提交订单", draft: "存为草稿", submitted: "订单已提交：{id}", drafted: "草稿已保存：{id}", wrong_missing: "请填写。", wrong_money: "写成金额，例如 1200 或 1200.50。", wrong_range: "应在 {min} 到 {max} 之间。", check: "请先改正标出的各项。", changed: "已改：{field}",
  },
  en: {
    title: "Submit an order", note: "It is quoted as you type: what each centre would cost now, why some will not do, and the least to change for it to be placed.", presets: "Begin with a job", fine_tune: "Fine-tune an LLM", pretrain: "Train a large model", realtime: "Real-time inference", batch: "Batch inference", hpc_run: "HPC run", render: "Render farm", services: "General services",
    part_job: "Work", part_where: "Where", part_terms: "Terms",
    compute_class: "Compute class", job_class: "Job class", devices: "Devices", devices_hint: "Hours are measured on the device ticked first; others run it at their own speed.", precision: "Precision", precision_any: "Any (equally fast everywhere)", min_memory_gb: "Memory per card, GB at least", units: "Units (cards or cores)", units_hint: "Whole, or 0.1 to 0.9 of a card; all at once.", hours: "Hours", hours_hint: "On the first listed device, or the class’s reference device.", hours_by_device: "Given for each device: {hours}",
    origin_region: "Users and data are in", max_rtt_ms: "Round trip at most, ms", data_gb: "Data to move, GB", allowed_regions: "Allowed regions", max_pue: "PUE at most", min_green_share: "Green share at least (0–1)",
    limit_price: "Limit price, CNY in all", limit_auto: "Left empty: {price}, {margin} above what places it now.", limit_own: "The most you pay; compared with the full cost.", limit_needed: "No price is proposed for this order yet: say the most you pay, or wait for the quote.", latency_cost_per_ms_hour: "Cost of a millisecond, CNY per unit-hour", earliest_start: "Earliest start (Beijing time)", deadline: "Deadline (Beijing time)", time_in_force: "Time in force", immediate: "Placed at once or refused", next_round: "For one round", until_deadline: "Until the deadline",
    interruptible: "May be interrupted and go on elsewhere", voucher_pool_id: "Voucher pool", no_voucher: "None", buyer_id: "On behalf of", any: "any", comma: ", ", none: "Any",
    quote: "Quote as of now", asking: "Asking the market …", incomplete: "Complete the form to see a quote.", answered: "Centres with room now: {fits}; within the limit price: {paid}.", nowhere: "No centre has room for this order now.", price_to_place: "Limit price to place", price_note: "the full cost; below it an order waits", best: "Best place", you_pay: "You would pay", starts: "Starts", best_note: "{node}, round trip {rtt}",
    smallest: "Smallest change", apply_change: "Apply this change", apply_price: "Set the limit price to {price}", fits_now: "It fits as it is: the next round, an immediate order or a held quote would place it.", no_change: "No single change would place it now: relax more than one condition, or another time.",
    options: "Options, centre by centre", options_note: "The best of each centre, in order of full cost.", options_table: "Options as a table", node: "Centre", device: "Device", price: "Price", cost: "Full cost", rtt: "RTT", carbon: "Carbon, grid", carbon_contract: "Carbon, contract", verdict: "Limit", within: "within", above: "above", show_all: "Show all {count}",
    why_not: "Why not elsewhere", everywhere: "Nothing is ruled out.",
    hold: "Hold this quote for {minutes} minutes", hold_note: "The place is set aside at its price; an order on it is placed at once.", held: "Held: {node}, {price}, starts {starts}", held_until: "{left} left", lapsed: "The hold is over. Ask again.", release: "Let it go", released: "The hold was let go.", submit_held: "Submit at {price}",
    submit: "Submit the order", draft: "Keep as a draft", submitted: "Order submitted: {id}", drafted: "Draft kept: {id}", wrong_missing: "Needed.", wrong_money: "An amount such as 1200 or 1200.50.", wrong_range: "From {min} to {max}.", check: "Correct what is marked first.", changed: "Changed: {field}",
  },
};
