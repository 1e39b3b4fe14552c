/** Owns searching in the editor: its panel, its keys, and the marks on what is the same as the selection. */

import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { keymap } from "@codemirror/view";

export const searching = [search(), highlightSelectionMatches(), keymap.of(searchKeymap)];
export const open = openSearchPanel;
