import {
  type Icon,
  IconAlertOctagonFilled,
  IconArrowBackUp,
  IconBan,
  IconCircleCheckFilled,
  IconCircleMinus,
  IconHourglass,
  IconPlayerPlayFilled,
  IconRefresh,
} from "./icons.ts";

import type { SagaStatus } from "../generated/graphql.ts";

export type Tone = "queued" | "running" | "retrying" | "waiting" | "compensating" | "stuck" | "completed" | "neutral";

interface Look {
  readonly tone: Tone;
  readonly label: string;
  readonly Icon: Icon;
}

/** In the order in which an operator wants to see them. */
export const looks: Readonly<Record<SagaStatus, Look>> = {
  STUCK: { tone: "stuck", label: "Stuck", Icon: IconAlertOctagonFilled },
  RETRYING: { tone: "retrying", label: "Retrying", Icon: IconRefresh },
  COMPENSATING: { tone: "compensating", label: "Compensating", Icon: IconArrowBackUp },
  RUNNING: { tone: "running", label: "Running", Icon: IconPlayerPlayFilled },
  WAITING: { tone: "waiting", label: "Waiting", Icon: IconHourglass },
  COMPLETED: { tone: "completed", label: "Completed", Icon: IconCircleCheckFilled },
  FAILED: { tone: "neutral", label: "Failed", Icon: IconBan },
  CANCELLED: { tone: "neutral", label: "Cancelled", Icon: IconCircleMinus },
};

/** Of a node or a bar; what has not been reached has none. */
export const toneIcons: Readonly<Partial<Record<Tone, Icon>>> = Object.fromEntries(Object.values(looks).map(({ tone, Icon }) => [tone, Icon]));

export const statuses = Object.keys(looks) as SagaStatus[];

export function Pill({ status }: { readonly status: SagaStatus }) {
  const { tone, label, Icon } = looks[status];
  return (
    <span className="pill" data-tone={tone}>
      <Icon size={13} />
      {label}
    </span>
  );
}

/** Names of the code break at their capitals. */
export const Name = ({ children }: { readonly children: string }) => (
  <>
    {children.split(/(?<=[a-z0-9])(?=[A-Z])/).map((part, index) => (
      <span key={`${index}${part}`}>
        {index > 0 && <wbr />}
        {part}
      </span>
    ))}
  </>
);
