import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useClient } from "urql";
import { useDraft } from "../drafts.ts";
import {
  AddMaterialDocument,
  type CourseStatus,
  EditedCourseDocument,
  type EditedCourseQuery,
  type EditedFragment,
  RemoveMaterialDocument,
  SaveCourseDocument,
} from "../generated/graphql.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { useId } from "../ui/address.ts";
import { Empty, Field, Problem, Skeleton } from "../ui/parts.tsx";
import { levels } from "./Courses.tsx";
import { Save } from "./fields.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn, useZone } from "./Site.tsx";
import { upload } from "./upload.ts";
import { instantOf, localOf } from "./when.ts";

export const courseStatuses: Readonly<Record<CourseStatus, string>> = {
  DRAFT: "Draft: nobody sees it",
  PUBLISHED: "Published",
  ARCHIVED: "Archived",
};

export const EditCourse = () => <SignedIn why="Sign in as a mentor.">{() => <One />}</SignedIn>;

function One() {
  const id = useId();
  const isNew = id === "new";
  const [{ data, error }, again] = useSteadyQuery({ query: EditedCourseDocument, variables: { id, isNew } });
  if (data === undefined) return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const course = data.course ?? undefined;
  // Materials of a course are for its mentor and those who are in it.
  if (!isNew && course?.resources == null)
    return (
      <>
        <Heading>No such course</Heading>
        <Empty>
          You have no course here. <Link to="/mentor">Teaching</Link>
        </Empty>
      </>
    );
  return (
    <>
      <Heading>{course?.title ?? "A new course"}</Heading>
      <div className="two">
        <Form key={id} course={course} categories={data.categories} />
        <aside>{course !== undefined && <Materials course={course} reload={() => again({ requestPolicy: "network-only" })} />}</aside>
      </div>
    </>
  );
}

const fields = ["title", "description", "categoryId", "level", "capacity", "enrollmentOpensAt", "enrollmentClosesAt", "status"] as const;

function Form({ course, categories }: { readonly course: EditedFragment | undefined; readonly categories: EditedCourseQuery["categories"] }) {
  const navigate = useNavigate();
  const zone = useZone();
  const shown = (instant: string | null | undefined): string => (instant == null ? "" : localOf(instant, zone));
  const meant = (local: string): string | null => (local === "" ? null : instantOf(local, zone));
  const [draft, change, clear] = useDraft(`course-${course?.id ?? "new"}`, {
    title: course?.title ?? "",
    description: course?.description ?? "",
    categoryId: course?.category.id ?? categories.find(({ active }) => active)?.id ?? "",
    level: course?.level ?? "BEGINNER",
    capacity: course?.capacity == null ? "" : String(course.capacity),
    enrollmentOpensAt: shown(course?.enrollmentOpensAt),
    enrollmentClosesAt: shown(course?.enrollmentClosesAt),
    status: course?.status ?? "DRAFT",
  });
  const { send, at, besides, isBusy, problem } = useSend(SaveCourseDocument);
  const [isSaved, setSaved] = useState(false);
  const submit = async (): Promise<void> => {
    setSaved(false);
    const sent = await send({
      id: course?.id ?? null,
      input: {
        ...draft,
        capacity: draft.capacity === "" ? null : Number(draft.capacity),
        enrollmentOpensAt: meant(draft.enrollmentOpensAt),
        enrollmentClosesAt: meant(draft.enrollmentClosesAt),
      },
    });
    if (sent?.course == null) return;
    clear();
    setSaved(true);
    if (course === undefined) await navigate({ to: "/mentor/courses/$id", params: { id: sent.course.id }, replace: true });
  };
  const text = (name: "title" | "capacity" | "enrollmentOpensAt" | "enrollmentClosesAt", label: string, type: string, hint?: string) => (
    <Field label={label} hint={hint} error={at(`input.${name}`)}>
      {(props) => <input {...props} type={type} value={draft[name]} onChange={(event) => change({ [name]: event.target.value })} />}
    </Field>
  );
  const choice = (name: "categoryId" | "level" | "status", label: string, choices: readonly (readonly [string, string])[]) => (
    <Field label={label} error={at(`input.${name}`)}>
      {(props) => (
        <select {...props} value={draft[name]} onChange={(event) => change({ [name]: event.target.value })}>
          {choices.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  return (
    <form className="card card-body" aria-label="Course" onSubmit={(event) => (event.preventDefault(), void submit())}>
      {text("title", "Title", "text")}
      <Field label="Description" error={at("input.description")}>
        {(props) => <textarea {...props} rows={5} value={draft.description} onChange={(event) => change({ description: event.target.value })} />}
      </Field>
      <div className="pair">
        {choice(
          "categoryId",
          "Category",
          categories.filter(({ id, active }) => active || id === draft.categoryId).map(({ id, name }) => [id, name] as const),
        )}
        {choice("level", "Level", Object.entries(levels))}
      </div>
      {text("capacity", "Seats", "number", "Leave it empty for any number.")}
      <div className="pair">
        {text("enrollmentOpensAt", "Enrollment opens", "datetime-local", `In ${zone}. Empty: at once.`)}
        {text("enrollmentClosesAt", "Enrollment closes", "datetime-local", `In ${zone}. Empty: never.`)}
      </div>
      {choice("status", "Who sees it", Object.entries(courseStatuses))}
      <Refusals refused={besides(...fields.map((field) => `input.${field}`))} problem={problem} />
      <Save isBusy={isBusy} isSaved={isSaved} />
    </form>
  );
}

function Materials({ course, reload }: { readonly course: EditedFragment; readonly reload: () => void }) {
  const client = useClient();
  const add = useSend(AddMaterialDocument);
  const remove = useSend(RemoveMaterialDocument);
  const [title, setTitle] = useState("");
  const [share, setShare] = useState<number | null>(null);
  const [problem, setProblem] = useState<Error | null>(null);
  const chosen = useRef<HTMLInputElement>(null);
  /** Sent already, and perhaps in the course already: a file is in one place only. */
  const stored = useRef<{ readonly file: File; readonly id: string } | null>(null);
  const submit = async (): Promise<void> => {
    const [file] = chosen.current?.files ?? [];
    if (file === undefined) return setProblem(new Error("Choose a file."));
    setProblem(null);
    setShare(0);
    try {
      if (stored.current?.file !== file) stored.current = { file, ...(await upload(client, file, "COURSE_RESOURCE", setShare)) };
      if ((await add.send({ courseId: course.id, title, uploadId: stored.current.id })) === null) return reload();
      stored.current = null;
      setTitle("");
      if (chosen.current !== null) chosen.current.value = "";
    } catch (error) {
      setProblem(error as Error);
    } finally {
      setShare(null);
    }
  };
  return (
    <section className="card card-body" aria-label="Materials">
      <h2>Materials</h2>
      {course.resources?.length === 0 && <p className="faint">None yet. Those who are in the course see them.</p>}
      <ul className="notes">
        {course.resources?.map((one) => (
          <li key={one.id}>
            <a href={one.downloadUrl}>{one.title}</a> <span className="faint">{one.fileName}</span>{" "}
            <button
              type="button"
              className="quiet"
              aria-label={`Remove ${one.title}`}
              disabled={remove.isBusy}
              onClick={() => void remove.send({ id: one.id })}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => (event.preventDefault(), void submit())}>
        <Field label="Title of the material" error={add.at("title")}>
          {(props) => <input {...props} value={title} onChange={(event) => setTitle(event.target.value)} />}
        </Field>
        <Field label="File" error={add.at("uploadId")} hint="PDF, Word, picture, MP4, MP3 or ZIP, at most 200 MB.">
          {(props) => <input {...props} ref={chosen} type="file" />}
        </Field>
        {share !== null && <progress value={share} max={1} aria-label="Sending the file" />}
        <Refusals refused={[...add.besides("title", "uploadId"), ...remove.refused]} problem={problem ?? add.problem ?? remove.problem} />
        <button type="submit" disabled={share !== null || add.isBusy}>
          Add
        </button>
      </form>
    </section>
  );
}
