import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useDraft } from "../drafts.ts";
import { type AppliedFragment, ApplyDocument, OwnApplicationsDocument, ResubmitDocument, WithdrawDocument } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { refresh } from "../session.ts";
import { Field, Problem, Skeleton } from "../ui/parts.tsx";
import { type DocumentDraft, Documents, documentKinds } from "./Documents.tsx";
import { Outlook, Progress } from "./Progress.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useOwnActivity, useVisitor, useZone } from "./Site.tsx";
import { dateOf } from "./when.ts";

export const BecomeMentor = () => (
  <>
    <Heading>Become a mentor</Heading>
    <SignedIn why="Tell us about yourself; a reviewer reads it. Sign in to begin.">{() => <Own />}</SignedIn>
  </>
);

const ahead = ["ApplicationSubmitted", "ValidatingDocuments", "RequestingBackgroundCheck", "AssigningReviewer", "UnderReview", "SendingNotification"] as const;

const isOpen = ({ status }: AppliedFragment): boolean => ["PENDING", "UNDER_REVIEW", "INFO_REQUESTED"].includes(status);

function Own() {
  const [{ data, error }, again] = useSteadyQuery({ query: OwnApplicationsDocument });
  const reload = (): void => again({ requestPolicy: "network-only" });
  useOwnActivity(reload);
  const applications = data?.viewer?.applicationRequests;
  if (applications == null) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  const application = applications.find(isOpen) ?? applications.toSorted((one, other) => other.submittedAt.localeCompare(one.submittedAt))[0];
  if (application === undefined)
    return (
      <div className="two">
        <Form key="new" reload={reload} />
        <aside>
          <Outlook title="What happens when you apply" states={ahead} />
        </aside>
      </div>
    );
  return (
    <div className="two">
      <div>
        <Standing application={application} reload={reload} />
        {application.status === "INFO_REQUESTED" && <Form key={application.id} asked={application} reload={reload} />}
        {(application.status === "REJECTED" || application.status === "WITHDRAWN") && (
          <>
            <h2>Apply again</h2>
            <Form key="new" reload={reload} />
          </>
        )}
      </div>
      <aside>
        <Progress key={application.saga.id} saga={application.saga} title="Your application" onMove={reload} />
      </aside>
    </div>
  );
}

function Standing({ application, reload }: { readonly application: AppliedFragment; readonly reload: () => void }) {
  const zone = useZone();
  const withdraw = useSend(WithdrawDocument);
  const isMentor = useVisitor()?.roles?.includes("MENTOR") === true;
  useEffect(() => {
    // The role is in the next token.
    if (application.status === "APPROVED" && !isMentor) void refresh();
  }, [application.status, isMentor]);
  return (
    <section className="card card-body" aria-label="Your application">
      <p>Sent on {dateOf(application.submittedAt, zone)}.</p>
      {application.status === "INFO_REQUESTED" && (
        <>
          <h2>Your reviewer asks for more</h2>
          <p className="quote">{application.note}</p>
        </>
      )}
      {application.status === "APPROVED" && (
        <p>
          You are a mentor. <Link to="/mentor">Publish your first times</Link>
        </p>
      )}
      {application.failure != null && <p className="wrong">{application.failure.message}</p>}
      <ul className="lines">
        {application.documents.map(({ id, kind, fileName, verdict, problem, downloadUrl }) => (
          <li key={id}>
            <a href={downloadUrl}>{fileName}</a>
            <span className="faint">{documentKinds[kind]}</span>
            <span className={problem == null ? undefined : "wrong"}>
              {problem?.message ?? { ACCEPTED: "Checked", REFUSED: "Refused", UNCHECKED: "Not checked yet" }[verdict]}
            </span>
          </li>
        ))}
      </ul>
      {isOpen(application) && (
        <button type="button" disabled={withdraw.isBusy} onClick={() => void withdraw.send({ id: application.id }).then(reload)}>
          Withdraw the application
        </button>
      )}
      <Refusals refused={withdraw.refused} problem={withdraw.problem} />
    </section>
  );
}

interface Draft {
  readonly education: string;
  readonly workExperience: string;
  readonly description: string;
  readonly certifications: string;
  readonly consent: boolean;
  readonly documents: readonly DocumentDraft[];
}

const draftOf = (asked: AppliedFragment | undefined): Draft => ({
  education: asked?.education ?? "",
  workExperience: asked?.workExperience ?? "",
  description: asked?.description ?? "",
  certifications: asked?.certifications.join("\n") ?? "",
  consent: asked !== undefined,
  documents: asked?.documents.map(({ id, kind, fileName, byteSize }) => ({ uploadId: id, kind, fileName, byteSize })) ?? [],
});

/** A new application, or the answer to a reviewer who asks for more. */
function Form({ asked, reload }: { readonly asked?: AppliedFragment; readonly reload: () => void }) {
  const [draft, change, clear] = useDraft<Draft>(asked === undefined ? "application" : `application-${asked.id}`, draftOf(asked));
  const [uploading, setUploading] = useState(0);
  const apply = useSend(ApplyDocument);
  const resubmit = useSend(ResubmitDocument);
  const { at, besides, isBusy, problem, refused } = asked === undefined ? apply : resubmit;
  const submit = async (): Promise<void> => {
    const input = {
      education: draft.education,
      workExperience: draft.workExperience,
      description: draft.description,
      certifications: draft.certifications.split("\n").filter((line) => line.trim() !== ""),
      consentToBackgroundCheck: draft.consent,
      documents: draft.documents.map(({ kind, uploadId }) => ({ kind, uploadId })),
    };
    const sent = asked === undefined ? await apply.send({ input }) : await resubmit.send({ id: asked.id, input });
    if (sent === null) return;
    clear();
    reload();
  };
  const text = (name: "education" | "workExperience" | "description" | "certifications", label: string, hint: string) => (
    <Field label={label} hint={hint} error={at(`input.${name}`)}>
      {(props) => <textarea {...props} rows={3} value={draft[name]} onChange={(event) => change({ [name]: event.target.value })} />}
    </Field>
  );
  return (
    <form className="application" onSubmit={(event) => (event.preventDefault(), void submit())}>
      <section className="card card-body" aria-label="About you">
        <h2>1. About you</h2>
        {text("education", "Education", "Schools, degrees, what you learned there.")}
        {text("workExperience", "Work experience", "What you have done, and for how long.")}
        {text("description", "What would you like to teach?", "You may leave it empty.")}
        {text("certifications", "Certificates", "One to a line. You may leave it empty.")}
      </section>
      <section className="card card-body" aria-label="Documents">
        <h2>2. Documents</h2>
        <p className="faint">PDF, Word, PNG or JPEG, at most 10 MB each. They are stored as soon as you choose them, and seen by your reviewer only.</p>
        <Documents
          documents={draft.documents}
          add={(document) => change(({ documents }) => ({ documents: [...documents, document] }))}
          remove={(uploadId) => change(({ documents }) => ({ documents: documents.filter((one) => one.uploadId !== uploadId) }))}
          errorOf={(index) => at(`input.documents.${index}`)}
          missing={refused.filter(({ field }) => field?.join(".") === "input.documents").map(({ message }) => message)}
          setUploading={setUploading}
        />
      </section>
      <section className="card card-body" aria-label="Consent">
        <h2>3. Consent</h2>
        <label className="choice">
          <input type="checkbox" checked={draft.consent} onChange={(event) => change({ consent: event.target.checked })} /> A background check may be made about
          me.
        </label>
        {at("input.consentToBackgroundCheck") !== undefined && (
          <p className="wrong" role="alert">
            {at("input.consentToBackgroundCheck")}
          </p>
        )}
      </section>
      <Refusals
        refused={besides(
          "input.education",
          "input.workExperience",
          "input.description",
          "input.certifications",
          "input.documents",
          "input.consentToBackgroundCheck",
        )}
        problem={problem}
      />
      <button type="submit" className="primary" disabled={isBusy || uploading > 0}>
        {uploading > 0 ? "Waiting for your files…" : asked === undefined ? "Send the application" : "Send the answer"}
      </button>
    </form>
  );
}
