// Words of signing in.

export const SIGNIN = {
  zh: {
    title: "用密钥登录", note: "密钥只保存在这个标签页里，只发给这个交易所；关闭标签页即忘。",
    key: "API 密钥", hint: "以 suanli_ 开头", enter: "登录", signed_in: "已登录：{who}",
    demo: "演示", demo_note: "演示用的交易所向任何人发放一小时有效的密钥。", as_buyer: "以用户身份", as_provider: "以服务商身份", as_operator: "以运营方身份", buyer: "用户", provider: "服务商", operator: "运营方",
  },
  en: {
    title: "Sign in with a key", note: "The key stays in this tab and is sent to this exchange only; closing the tab forgets it.",
    key: "API key", hint: "It begins with suanli_", enter: "Sign in", signed_in: "Signed in: {who}",
    demo: "Demonstration", demo_note: "An exchange that demonstrates itself gives everybody a key for an hour.", as_buyer: "As a buyer", as_provider: "As a provider", as_operator: "As the operator", buyer: "buyer", provider: "provider", operator: "operator",
  },
};
