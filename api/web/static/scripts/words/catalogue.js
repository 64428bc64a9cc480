// Words of the catalogue.

export const CATALOGUE = {
  zh: {
    title: "算力目录", note: "按需要筛选，勾选至多四个比较，然后下单。价格为挂牌价；时延从您选的城市算起；挂牌空余是服务商在一天中此刻供交易所出售的数量，已售与已锁定的未减去，逐小时的实际空余见各产品页。",
    compute_class: "类别", any: "不限", device: "设备", memory: "单卡显存不少于（GB）", side: "方位", region: "区域", pue: "PUE 不高于", price: "挂牌价不高于（元）", city: "我在", rtt: "时延不高于（毫秒）", green: "绿电不少于（%）",
    clear: "清除筛选", found: "{found} 个算力产品，共 {all} 个", more: "再显示一些（还有 {left} 个）", none: "没有这样的算力产品", none_how: "放宽一个条件试试。", none_listed: "目录里还没有在售的算力产品。",
    offering: "算力产品", node: "算力中心", units: "数量", free: "空余", free_listed: "挂牌空余", ask: "挂牌价", unit_hour: "元/单位·小时", green_share: "绿电", latency: "时延", memory_gb: "显存", choose: "比较", order: "下单", compare: "比较", compare_note: "每行最好的一格已标出。", unchoose: "清除比较",
    energy: "每单位小时用电", carbon: "每单位小时碳排放·电网", carbon_contract: "每单位小时碳排放·合同", provider: "服务商", gang: "单笔最多", sla: "服务等级", confidence: "可信度与来源（原文）",
    sort_by: "按{column}排序", offering_title: "算力产品 {id}", calendar: "今后每小时的空余", calendar_note: "单位数；检修与腾空已计入。", price_by_hour: "每小时价格（最近一轮）", price_by_hour_note: "挂牌、能源、碳与拥挤四部分。",
    ask_part: "挂牌", energy_part: "能源", carbon_part: "碳", congestion_part: "拥挤", tariff: "分时电价", tariff_note: "元/千瓦时，北京时间。", facts: "条款", versions: "历次条款", since: "自", version: "版本", state: "状态", cooling: "冷却", no_price: "这一轮没有它的价格。",
  },
  en: {
    title: "Catalogue", note: "Filter for what you need, tick up to four to compare, then order. Prices are asks; latency is measured from the city you choose. Free as listed: what the provider offers at this hour of the day, less nothing that is sold or held; an offering's own page tells what is left, hour by hour.",
    compute_class: "Class", any: "Any", device: "Device", memory: "Memory per card, GB at least", side: "Side", region: "Region", pue: "PUE at most", price: "Ask at most, CNY", city: "I am in", rtt: "Round trip at most, ms", green: "Green share at least, %",
    clear: "Clear filters", found: "{found} of {all} offerings", more: "Show more ({left} left)", none: "There is no such offering", none_how: "Try with one condition less.", none_listed: "Nothing is listed yet.",
    offering: "Offering", node: "Centre", units: "Units", free: "Free", free_listed: "Free as listed", ask: "Ask", unit_hour: "CNY per unit-hour", green_share: "Green", latency: "RTT", memory_gb: "Memory", choose: "Compare", order: "Order", compare: "Side by side", compare_note: "The best of each line is marked.", unchoose: "Clear comparison",
    energy: "Energy per unit-hour", carbon: "Carbon per unit-hour, grid", carbon_contract: "Carbon per unit-hour, contract", provider: "Provider", gang: "Most at once", sla: "Service grade", confidence: "Confidence and source",
    sort_by: "Sort by {column}", offering_title: "Offering {id}", calendar: "Free units, hour by hour", calendar_note: "Maintenance and drains are counted.", price_by_hour: "Price by hour (newest round)", price_by_hour_note: "Ask, energy, carbon and congestion.",
    ask_part: "Ask", energy_part: "Energy", carbon_part: "Carbon", congestion_part: "Congestion", tariff: "Tariff by hour", tariff_note: "CNY per kWh, Beijing time.", facts: "Terms", versions: "Terms as they were", since: "Since", version: "Version", state: "State", cooling: "Cooling", no_price: "The round has no price of it.",
  },
};
