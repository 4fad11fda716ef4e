// Entry of the page.
import "./agui/schemas";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import "./styles/fonts.css";
import "./styles/index.css";

createRoot(document.getElementById("root")!).render(<App />);
