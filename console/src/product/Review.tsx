import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";

import { useDraft } from "../drafts.ts";
import { ApproveDocument, AskForMoreDocument, RejectDocument, ReviewDocument, type ReviewQuery } from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useId } from "../ui/address.ts";
import { Empty, Field, Problem, Skeleton, useNow } from "../ui/parts.tsx";
import { checkWords, statusWords } from "./Desk.tsx";
import { documentKinds } from "./Documents.tsx";
import { Portrait } from "./Portrait.tsx";
import { Progress } from "./Progress.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useZone } from "./Site.tsx";
import { dateOf, dayAndTime, untilOf } from "./when.ts";

type Application = NonNullable<ReviewQuery["applicationRequest"]>;

export const Review = () => <SignedIn why="Sign in as a reviewer.">{() => <One />}</SignedIn>;

function One() {
  const id = useId();
  const [{ data, error }, again] = useSteadyQuery({ query: ReviewDocument, variables: { id } });
  const reload = (): void => again({ requestPolicy: "network-only" });
  const application = data?.applicationRequest;
  const zone = useZone();
  const now = useNow(10_000);
  if (data === undefined) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={reload} />;
  if (application == null)
    return (
      <>
        <Heading>No such application</Heading>
        <Empty>
          It is not assigned to you. <Link to="/desk">Review desk</Link>
        </Empty>
      </>
    );
  const { applicant, backgroundCheck, saga } = application;
  return (
    <div className="two even">
      <div>
        <div className="who">
          <Portrait user={applicant} size={56} />
          <div>
            <Heading>{applicant.fullName}</Heading>
            <p className="faint">
              {applicant.email != null && `${applicant.email} · `}sent on {dateOf(application.submittedAt, zone)}
            </p>
          </div>
        </div>
        <p>
          <b>{statusWords[application.status]}</b>
          {application.status === "UNDER_REVIEW" && saga.deadlineAt != null && <span className="faint"> within {untilOf(saga.deadlineAt, now)}</span>}
          {application.decidedAt != null && <span className="faint"> on {dayAndTime(application.decidedAt, zone)}</span>}
        </p>
        <section className="card card-body" aria-label="What they wrote">
          <h2>Education</h2>
          <p className="paragraphs">{application.education}</p>
          <h2>Work experience</h2>
          <p className="paragraphs">{application.workExperience}</p>
          {application.description !== "" && (
            <>
              <h2>Would like to teach</h2>
              <p className="paragraphs">{application.description}</p>
            </>
          )}
          {application.certifications.length > 0 && (
            <>
              <h2>Certificates</h2>
              <ul>
                {application.certifications.map((text) => (
                  <li key={text}>{text}</li>
                ))}
              </ul>
            </>
          )}
          <h2>Background check</h2>
          <p>{backgroundCheck == null ? "Not asked yet" : checkWords[backgroundCheck.status]}</p>
          {application.note != null && (
            <>
              <h2>Your last note</h2>
              <p className="quote">{application.note}</p>
            </>
          )}
        </section>
        {["UNDER_REVIEW", "INFO_REQUESTED"].includes(application.status) && <Decision application={application} reload={reload} />}
      </div>
      <aside>
        {application.documents.map((document) => (
          <Preview key={document.id} document={document} />
        ))}
        <Progress saga={saga} title="The application" onMove={reload} />
      </aside>
    </div>
  );
}

function Decision({ application: { id }, reload }: { readonly application: Application; readonly reload: () => void }) {
  const [draft, change, clear] = useDraft(`review-${id}`, { note: "" });
  const [approve, reject, ask] = [useSend(ApproveDocument), useSend(RejectDocument), useSend(AskForMoreDocument)];
  const [last, setLast] = useState<"approve" | "reject" | "ask">("approve");
  const sending = { approve, reject, ask }[last];
  const isBusy = approve.isBusy || reject.isBusy || ask.isBusy;
  const note = draft.note.trim();
  const after = (sent: unknown): void => {
    if (sent !== null) clear();
    reload();
  };
  return (
    <section className="card card-body" aria-label="Decision">
      <Field label="Note to the applicant" hint="Needed to reject and to ask for more." error={sending.at("note")}>
        {(props) => <textarea {...props} rows={4} value={draft.note} onChange={(event) => change({ note: event.target.value })} />}
      </Field>
      <Refusals refused={sending.besides("note")} problem={sending.problem} />
      <div className="buttons">
        <button
          type="button"
          className="primary"
          disabled={isBusy}
          onClick={() => (setLast("approve"), void approve.send({ id, note: note === "" ? null : note }).then(after))}
        >
          Approve
        </button>
        <button type="button" disabled={isBusy} onClick={() => (setLast("ask"), void ask.send({ id, note }).then(after))}>
          Ask for more
        </button>
        <button type="button" disabled={isBusy} onClick={() => (setLast("reject"), void reject.send({ id, note }).then(after))}>
          Reject
        </button>
      </div>
    </section>
  );
}

const shown = ["application/pdf", "image/png", "image/jpeg"];

/** Links to files are good for some minutes and say "attachment"; what a page shows is a copy in memory. */
function Preview({ document: { kind, fileName, contentType, downloadUrl, problem } }: { readonly document: Application["documents"][number] }) {
  const [url, setUrl] = useState<string | null>(null);
  const isShown = shown.includes(contentType);
  useEffect(() => {
    if (!isShown) return;
    let made: string | null = null;
    let isOver = false;
    void fetch(downloadUrl)
      .then(async (response) => (response.ok ? new Blob([await response.arrayBuffer()], { type: contentType }) : null))
      .catch(() => null)
      .then((blob) => {
        if (blob === null || isOver) return;
        made = URL.createObjectURL(blob);
        setUrl(made);
      });
    return () => {
      isOver = true;
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [downloadUrl.split("?")[0]]);
  return (
    <figure className="card preview">
      <figcaption>
        {documentKinds[kind]}:{" "}
        <a href={downloadUrl} download={fileName}>
          {fileName}
        </a>
        {problem != null && <p className="wrong">{problem.message}</p>}
      </figcaption>
      {url !== null &&
        (contentType === "application/pdf" ? (
          <iframe title={`${documentKinds[kind]}: ${fileName}`} src={url} />
        ) : (
          <img src={url} alt={`${documentKinds[kind]}: ${fileName}`} />
        ))}
    </figure>
  );
}
