// Imports accounts from files or pasted text: first what to import, then its progress, and a result for every account.
import { useRef, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import { t } from "../base/prefs.ts";
import { count } from "../base/shown.ts";
import { ask } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import { cutIntoParts, decodeText, type ImportPart } from "../data/import.ts";
import type { ImportReport } from "../data/shapes.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { ImportResults, type ResultRow } from "./import-results.tsx";
import { ImportSource } from "./import-source.tsx";

type Stage =
  | { stage: "choose"; error?: string }
  | { stage: "running" | "done"; done: number; total: number; rows: readonly ResultRow[]; error?: string };

interface ImportDialogProps {
  onClose: () => void;
  onImported: () => void;
}

export function ImportDialog({ onClose, onImported }: ImportDialogProps) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [pasted, setPasted] = useState("");
  const [stage, setStage] = useState<Stage>({ stage: "choose" });
  const isOpen = useRef(true);
  const start = async () => {
    if (files.length === 0 && pasted.trim() === "") return setStage({ stage: "choose", error: t("import.nothing") });
    await runImport(await readSources(files, pasted), (progress) => {
      setStage(progress);
      return isOpen.current;
    });
    onImported();
  };
  const close = () => {
    isOpen.current = false;
    onClose();
  };
  return (
    <Dialog title={t("import.title")} onClose={close} isWide>
      <div class="dialog-body">
        {stage.stage === "choose" ? (
          <>
            <p>{t("import.lead")}</p>
            <ImportSource files={files} onFiles={setFiles} text={pasted} onText={setPasted} />
            {stage.error !== undefined && <Notice kind="error">{stage.error}</Notice>}
          </>
        ) : (
          <Progress {...stage} isRunning={stage.stage === "running"} />
        )}
      </div>
      <footer>
        {stage.stage === "done" && (
          <Button
            onClick={() => {
              setFiles([]);
              setPasted("");
              setStage({ stage: "choose" });
            }}
          >
            {t("import.again")}
          </Button>
        )}
        {stage.stage !== "done" && <Button onClick={close}>{t("do.cancel")}</Button>}
        {stage.stage === "done" ? (
          <Button kind="primary" onClick={close}>
            {t("do.close")}
          </Button>
        ) : (
          <Button kind="primary" icon="upload" isBusy={stage.stage === "running"} onClick={() => void start()}>
            {stage.stage === "running" ? t("import.running") : t("import.submit")}
          </Button>
        )}
      </footer>
    </Dialog>
  );
}

interface ProgressProps {
  done: number;
  total: number;
  rows: readonly ResultRow[];
  error?: string;
  isRunning: boolean;
}

function Progress({ done, total, rows, error, isRunning }: ProgressProps) {
  const ok = rows.filter(({ reason }) => reason === undefined).length;
  const text = t("import.progress", { done: count(done), total: count(total) });
  return (
    <>
      <div class="progress">
        <progress value={done} max={Math.max(1, total)} aria-label={text} />
        <span class="quiet">{text}</span>
      </div>
      {!isRunning && error === undefined && (
        <Notice kind={ok === rows.length ? "done" : "warning"}>{t("import.done", { ok, n: rows.length })}</Notice>
      )}
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <ImportResults rows={rows} />
    </>
  );
}

interface Source {
  parts: ImportPart[];
  /** A file that is no JSON. */
  broken: ResultRow[];
}

async function readSources(files: readonly File[], pasted: string): Promise<Source> {
  const texts = await Promise.all(
    files.map(async (file) => ({ name: file.name, text: decodeText(new Uint8Array(await file.arrayBuffer())) })),
  );
  if (pasted.trim() !== "") texts.push({ name: t("import.pasted"), text: pasted });
  const source: Source = { parts: [], broken: [] };
  for (const { name, text } of texts) {
    const parts = cutIntoParts(name, text);
    if (parts) source.parts.push(...parts);
    else source.broken.push({ source: name, label: name, reason: t("import.noJson") });
  }
  return source;
}

/** Part by part, until all are sent, the server refuses one, or `show` says that nobody waits for it. */
async function runImport({ parts, broken }: Source, show: (stage: Stage) => boolean): Promise<void> {
  const total = broken.length + parts.reduce((sum, { labels }) => sum + labels.length, 0);
  let rows: readonly ResultRow[] = broken;
  show({ stage: "running", done: rows.length, total, rows });
  for (const part of parts) {
    try {
      const report = await ask<ImportReport>("POST", "/admin/tokens/import", part.accounts);
      rows = [...rows, ...rowsOf(part, report)];
    } catch (thrown) {
      const error = t("import.stopped", { reason: explain(thrown) });
      show({ stage: "done", done: rows.length, total, rows, error });
      return;
    }
    if (!show({ stage: "running", done: rows.length, total, rows })) return;
  }
  show({ stage: "done", done: rows.length, total, rows });
}

function rowsOf({ source, labels, firstNumber }: ImportPart, { errors }: ImportReport): ResultRow[] {
  const reasons = new Map(errors.map(({ index, reason }) => [index, reason]));
  return labels.map((label, i) => ({
    source,
    label: label === "" ? t("import.unnamed", { n: firstNumber + i }) : label,
    reason: reasons.get(i),
  }));
}
