// Words of a page that is not there.

export const NOWHERE = {
  zh: { title: "没有这一页", back: "回到市场" },
  en: { title: "There is no such page", back: "Back to the market" },
};
