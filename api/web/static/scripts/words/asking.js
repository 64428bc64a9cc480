// Words of dialogs.

export const ASKING = {
  zh: { cancel: "取消", copy: "复制", copied: "已复制", not_copied: "浏览器不允许复制，请手动选取。", kept: "我已保存", shown_once: "密钥只显示这一次，请立即保存；遗失后只能轮换。" },
  en: { cancel: "Cancel", copy: "Copy", copied: "Copied", not_copied: "The browser does not allow copying; select the text by hand.", kept: "I have kept it", shown_once: "The secret is shown this once. Keep it now; once lost, it can only be rotated." },
};
