import type { Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";
import TrainPage from "../../components/TrainPage.vue";
// oxlint-disable-next-line import/no-unassigned-import -- a style sheet has nothing to assign
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component("TrainPage", TrainPage);
  },
} satisfies Theme;
