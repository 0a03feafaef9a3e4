// Where accounts come from: files that are dropped or chosen, or a text.
import { useId, useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { Icon } from "../ui/icons.tsx";

interface ImportSourceProps {
  files: readonly File[];
  onFiles: (files: readonly File[]) => void;
  text: string;
  onText: (text: string) => void;
}

export function ImportSource({ files, onFiles, text, onText }: ImportSourceProps) {
  const [isOver, setOver] = useState(false);
  const id = useId();
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is the pointer's way; the input inside is the keyboard's */}
      <div
        class={isOver ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          onFiles([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <Icon name="upload" />
        <span>{files.length === 0 ? t("import.drop") : t("import.chosen", { n: files.length })}</span>
        {files.length > 0 && <span class="quiet">{files.map(({ name }) => name).join(", ")}</span>}
        <label class="button plain">
          {t("import.choose")}
          <input
            type="file"
            multiple
            accept=".json,application/json"
            onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])}
          />
        </label>
      </div>
      <div class="field">
        <label for={id}>{t("import.paste")}</label>
        <textarea
          id={id}
          class="input code"
          rows={5}
          spellcheck={false}
          value={text}
          placeholder={t("import.paste.placeholder")}
          onInput={(event) => onText(event.currentTarget.value)}
        />
      </div>
    </>
  );
}
