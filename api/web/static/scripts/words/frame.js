// Words of the frame, and of what several views share.

export const FRAME = {
  zh: {
    brand: "算力交易所", skip: "跳到正文", views: "视图", footer: "开放的算力交易市场：谁、在哪里、何时、以什么价格——并附证明。时间为北京时间。",
    api_docs: "接口文档", problem_codes: "错误代码", other_language: "English",
    theme_label: "切换明暗", theme_system: "跟随系统", theme_light: "浅色", theme_dark: "深色",
    sign_in: "登录", sign_out: "退出", buyer: "用户", provider: "服务商", operator: "运营方",
    market: "市场", rounds: "轮次", round: "轮次", catalogue: "目录", offering: "算力产品", orders: "订单", submit: "提交订单", order: "订单",
    whatif: "推演", provider_view: "服务商", operator_view: "运营", signin: "登录", nowhere: "没有这一页",
    loading: "正在读取……", could_not_be_read: "读取失败", try_again: "重试",
    needs_key: "这里需要密钥", needs_role: "请用{roles}的密钥登录。", key_ended: "密钥已失效或已吊销，现已退出登录。请用有效的密钥重新登录。",
    as_table: "数据表", as_chart: "图", save_png: "PNG", save_svg: "SVG", save_csv: "CSV", save_label: "导出{title}为 {kind}",
    summary_rows: "共 {rows} 行，见数据表。", summary_range: "{label}：{least} 至 {most}。",
    schematic: "示意图", copied: "已复制", all: "全部", of: "共", more: "更多", less: "收起", close: "关闭", cancel: "取消", apply: "应用",
  },
  en: {
    brand: "Suanli Exchange", skip: "Skip to content", views: "Views", footer: "An open compute market: who gets what, where, when and at which price, with a proof. Times are Beijing time.",
    api_docs: "API", problem_codes: "Problem codes", other_language: "中文",
    theme_label: "Change light and dark", theme_system: "System", theme_light: "Light", theme_dark: "Dark",
    sign_in: "Sign in", sign_out: "Sign out", buyer: "Buyer", provider: "Provider", operator: "Operator",
    market: "Market", rounds: "Rounds", round: "Round", catalogue: "Catalogue", offering: "Offering", orders: "Orders", submit: "Submit an order", order: "Order",
    whatif: "What if", provider_view: "Provider", operator_view: "Operator", signin: "Sign in", nowhere: "No such page",
    loading: "Reading …", could_not_be_read: "It could not be read", try_again: "Try again",
    needs_key: "This needs a key", needs_role: "Sign in with the key of a {roles}.", key_ended: "The key has ended or was revoked, so you are signed out. Sign in with one that is good.",
    as_table: "Table", as_chart: "Chart", save_png: "PNG", save_svg: "SVG", save_csv: "CSV", save_label: "Save {title} as {kind}",
    summary_rows: "{rows} rows, which the table holds.", summary_range: "{label}: {least} to {most}.",
    schematic: "Schematic map", copied: "Copied", all: "All", of: "of", more: "More", less: "Less", close: "Close", cancel: "Cancel", apply: "Apply",
  },
};
