// One A2UI surface: its messages are processed anew when they change; a card that is wrong says so instead of breaking the page.
import { A2uiSurface, MarkdownContext, type ReactComponentImplementation } from "@a2ui/react/v0_9";
import { MessageProcessor, type A2uiMessage, type SurfaceModel } from "@a2ui/web_core/v0_9";
import { Component, useEffect, useMemo, useRef, type ReactNode } from "react";
import { useI18n } from "../i18n/context";
import { catalogs } from "./catalog";

export type UserAction = Record<string, unknown> & { name: string; context?: Record<string, unknown> };

interface SurfaceProps {
  operations: unknown[];
  disabled: boolean;
  onAction: (action: UserAction, dataModel: unknown) => void;
}

interface Processed {
  surfaces: SurfaceModel<ReactComponentImplementation>[];
  error: string | null;
}

/** Our Text renders Markdown itself; nothing may fall back to an unsanitised renderer. */
const noMarkdown = async (source: string): Promise<string> =>
  source.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]!);

export function Surface({ operations, disabled, onAction }: SurfaceProps) {
  const act = useRef(onAction);
  useEffect(() => {
    act.current = onAction;
  }, [onAction]);
  const { surfaces, error } = useMemo<Processed>(
    () => process(operations, (...args) => act.current(...args)),
    [operations],
  );
  if (error) return <Broken message={error} />;
  return (
    <Boundary>
      <MarkdownContext value={noMarkdown}>
        <fieldset disabled={disabled} className="surface">
          {surfaces.map((surface) => (
            <A2uiSurface key={surface.id} surface={surface} />
          ))}
        </fieldset>
      </MarkdownContext>
    </Boundary>
  );
}

function process(operations: unknown[], onAction: (action: UserAction, dataModel: unknown) => void): Processed {
  const processor: MessageProcessor<ReactComponentImplementation> = new MessageProcessor(catalogs, (action) => {
    const surface = processor.model.getSurface(action.surfaceId);
    onAction(action as unknown as UserAction, surface?.dataModel.get("/"));
  });
  try {
    processor.processMessages(operations as A2uiMessage[]);
    return { surfaces: [...processor.model.surfacesMap.values()], error: null };
  } catch (cause) {
    return { surfaces: [], error: (cause as Error).message };
  }
}

function Broken({ message }: { message: string }) {
  const { t } = useI18n();
  return (
    <div className="notice warning" role="note">
      <p>{t("cardBroken")}</p>
      <p className="mono tone-muted">{message}</p>
    </div>
  );
}

class Boundary extends Component<{ children: ReactNode }, { message: string | null }> {
  override state = { message: null };

  static getDerivedStateFromError(error: Error): { message: string } {
    return { message: error.message };
  }

  override render(): ReactNode {
    return this.state.message === null ? this.props.children : <Broken message={this.state.message} />;
  }
}
