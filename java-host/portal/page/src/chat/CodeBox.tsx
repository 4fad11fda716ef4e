// The code box: CodeMirror with Python. Loaded only when a person opens it.
import { autocompletion, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

interface CodeBoxProps {
  value: string;
  onChange: (code: string) => void;
  onRun: () => void;
  label: string;
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.bool, tags.null], color: "var(--code-keyword)" },
  { tag: [tags.string], color: "var(--code-string)" },
  { tag: [tags.number], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-function)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
]);

const example = 'services = system.services()\n[s.name for s in services if s.status != "up"]';

export default function CodeBox({ value, onChange, onRun, label }: CodeBoxProps) {
  const box = useRef<HTMLDivElement>(null);
  const first = useRef(value);
  const change = useRef(onChange);
  const run = useRef(onRun);
  useEffect(() => {
    change.current = onChange;
    run.current = onRun;
  });
  useEffect(() => {
    const start = (): boolean => {
      run.current();
      return true;
    };
    const editor = new EditorView({
      parent: box.current!,
      root: box.current!.getRootNode() as Document | ShadowRoot,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          lineNumbers(),
          history(),
          python(),
          indentUnit.of("    "),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          syntaxHighlighting(colours),
          placeholder(example),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
          keymap.of([
            { key: "Mod-Enter", run: start, preventDefault: true },
            ...closeBracketsKeymap,
            ...historyKeymap,
            indentWithTab,
            ...defaultKeymap,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) change.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    editor.focus();
    return () => editor.destroy();
  }, [label]);
  return <div ref={box} className="code-box" data-testid="code-box" />;
}
