// Words of the list of orders.

export const ORDERS = {
  zh: {
    title: "订单", note: "列表随事件实时更新；筛选写在地址里，可以收藏或发给别人。", submit: "提交订单", none: "没有这样的订单", none_how: "换一个条件，或者：",
    state: "状态", compute_class: "算力类别", buyer_id: "用户", submitted_after: "提交不早于", submitted_before: "提交早于", sort: "排序", any: "不限", newest_first: "新的在前", oldest_first: "旧的在前",
    order: "订单", job: "任务", origin: "来自", limit: "限价", paid: "已支付", deadline: "截止", submitted: "提交", more: "更多订单", shown: "显示 {count} 份", shown_of: "显示 {count} 份，共 {total} 份",
    batch: "批量上传", batch_note: "JSON 文档（{\"orders\": […]} 或数组）或每行一份的 NDJSON；每份单独答复，一份有错不影响其他。", file: "文件", file_hint: "至多 {most} 份，{megabytes}", upload: "上传", uploading: "正在提交 {count} 份……", no_orders: "文件里没有订单。", too_many: "文件里有 {count} 份，一次至多 {most} 份。",
    answered: "收下 {taken} 份，拒绝 {refused} 份。", answers: "逐份答复", line: "第几份", status: "状态码", answer: "答复", first_of: "显示 {count} 条中的前 {shown} 条，拒绝的在前。", save_answers: "保存全部答复（CSV）",
  },
  en: {
    title: "Orders", note: "The list follows what happens. Its filters are in the address, to be kept or sent to somebody.", submit: "Submit an order", none: "There is no such order", none_how: "Choose otherwise, or:",
    state: "State", compute_class: "Compute class", buyer_id: "Buyer", submitted_after: "Submitted from", submitted_before: "Submitted before", sort: "Sequence", any: "Any", newest_first: "Newest first", oldest_first: "Oldest first",
    order: "Order", job: "Job", origin: "From", limit: "Limit price", paid: "Paid", deadline: "Deadline", submitted: "Submitted", more: "More orders", shown: "{count} shown", shown_of: "{count} of {total} shown",
    batch: "Upload many", batch_note: "A JSON document ({\"orders\": […]} or an array), or NDJSON with one order a line. Each is answered on its own; a wrong one spoils no other.", file: "File", file_hint: "{most} orders and {megabytes} at most", upload: "Upload", uploading: "Submitting {count} …", no_orders: "There is no order in the file.", too_many: "The file holds {count} orders; {most} at most at once.",
    answered: "{taken} taken, {refused} refused.", answers: "Answers, one by one", line: "No.", status: "Status", answer: "Answer", first_of: "The first {shown} of {count}, the refused first.", save_answers: "Save all answers (CSV)",
  },
};
