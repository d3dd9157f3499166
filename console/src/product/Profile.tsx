import { useState } from "react";
import { useClient } from "urql";
import { OwnProfileDocument, type OwnProfileQuery, SaveMentorProfileDocument, SaveProfileDocument } from "../generated/graphql.ts";
import { useDraft } from "../drafts.ts";
import { useSteadyQuery } from "../query.ts";
import { useSend } from "../send.ts";
import { Field, Problem, Skeleton } from "../ui/parts.tsx";
import { Save, TimeZoneField } from "./fields.tsx";
import { Portrait } from "./Portrait.tsx";
import { Refusals } from "./Refusals.tsx";
import { Heading, SignedIn } from "./Site.tsx";
import { upload } from "./upload.ts";

type Viewer = NonNullable<OwnProfileQuery["viewer"]>;

export const Profile = () => (
  <>
    <Heading>Your profile</Heading>
    <SignedIn why="Sign in to change what others see of you.">{() => <Own />}</SignedIn>
  </>
);

function Own() {
  const [{ data, error }, again] = useSteadyQuery({ query: OwnProfileDocument });
  if (data?.viewer == null)
    return error === undefined ? <Skeleton rows={6} /> : <Problem error={error} again={() => again({ requestPolicy: "network-only" })} />;
  const { viewer } = data;
  return (
    <div className="two even">
      <About viewer={viewer} />
      {viewer.mentorProfile != null && <AsMentor profile={viewer.mentorProfile} expertises={data.expertises} />}
    </div>
  );
}

function About({ viewer }: { readonly viewer: Viewer }) {
  const client = useClient();
  const [draft, change, clear] = useDraft("profile", { fullName: viewer.fullName, bio: viewer.bio ?? "", timeZone: viewer.timeZone });
  const { send, at, besides, isBusy, problem } = useSend(SaveProfileDocument);
  const [isSaved, setSaved] = useState(false);
  const [picture, setPicture] = useState<File | null>(null);
  const [refused, setRefused] = useState<Error | null>(null);
  const submit = async (): Promise<void> => {
    setSaved(false);
    setRefused(null);
    try {
      const avatar = picture === null ? {} : { avatarUploadId: (await upload(client, picture, "AVATAR", () => undefined)).id };
      if ((await send({ input: { ...draft, bio: draft.bio.trim() === "" ? null : draft.bio, ...avatar } })) === null) return;
      clear();
      setPicture(null);
      setSaved(true);
    } catch (error) {
      setRefused(error as Error);
    }
  };
  return (
    <form className="card card-body" aria-label="About you" onSubmit={(event) => (event.preventDefault(), void submit())}>
      <div className="who">
        <Portrait user={viewer} size={56} />
        <Field label="Picture" error={at("input.avatarUploadId") ?? refused?.message} hint="PNG, JPEG or WebP, at most 5 MB.">
          {(props) => <input {...props} type="file" accept=".png,.jpg,.jpeg,.webp" onChange={(event) => setPicture(event.target.files?.[0] ?? null)} />}
        </Field>
      </div>
      <Field label="Your name" error={at("input.fullName")}>
        {(props) => <input {...props} autoComplete="name" value={draft.fullName} onChange={(event) => change({ fullName: event.target.value })} />}
      </Field>
      <Field label="About yourself" error={at("input.bio")}>
        {(props) => <textarea {...props} rows={4} value={draft.bio} onChange={(event) => change({ bio: event.target.value })} />}
      </Field>
      <TimeZoneField value={draft.timeZone} error={at("input.timeZone")} choose={(timeZone) => change({ timeZone })} />
      <Refusals refused={besides("input.fullName", "input.bio", "input.timeZone", "input.avatarUploadId")} problem={problem} />
      <Save isBusy={isBusy} isSaved={isSaved} />
    </form>
  );
}

function AsMentor({ profile, expertises }: { readonly profile: NonNullable<Viewer["mentorProfile"]>; readonly expertises: OwnProfileQuery["expertises"] }) {
  const [draft, change, clear] = useDraft("mentor-profile", {
    headline: profile.headline ?? "",
    experience: profile.experience ?? "",
    maxSessionsPerWeek: profile.maxSessionsPerWeek,
    minNoticeHours: profile.minNoticeHours,
    expertiseIds: profile.expertises.map(({ id }) => id),
  });
  const { send, at, besides, isBusy, problem } = useSend(SaveMentorProfileDocument);
  const [isSaved, setSaved] = useState(false);
  const submit = async (): Promise<void> => {
    setSaved(false);
    if ((await send({ input: draft })) === null) return;
    clear();
    setSaved(true);
  };
  const number = (name: "maxSessionsPerWeek" | "minNoticeHours", label: string) => (
    <Field label={label} error={at(`input.${name}`)}>
      {(props) => <input {...props} type="number" min={0} value={draft[name]} onChange={(event) => change({ [name]: Number(event.target.value) })} />}
    </Field>
  );
  return (
    <form className="card card-body" aria-label="As a mentor" onSubmit={(event) => (event.preventDefault(), void submit())}>
      <h2>As a mentor</h2>
      <Field label="Headline" error={at("input.headline")}>
        {(props) => <input {...props} value={draft.headline} onChange={(event) => change({ headline: event.target.value })} />}
      </Field>
      <Field label="Experience" error={at("input.experience")}>
        {(props) => <textarea {...props} rows={4} value={draft.experience} onChange={(event) => change({ experience: event.target.value })} />}
      </Field>
      <div className="pair">
        {number("maxSessionsPerWeek", "Sessions a week, at most")}
        {number("minNoticeHours", "Notice before a session, in hours")}
      </div>
      <fieldset className="choices">
        <legend>Expertise</legend>
        {expertises.map(({ id, name }) => (
          <label key={id} className="choice">
            <input
              type="checkbox"
              checked={draft.expertiseIds.includes(id)}
              onChange={(event) =>
                change(({ expertiseIds }) => ({ expertiseIds: event.target.checked ? [...expertiseIds, id] : expertiseIds.filter((one) => one !== id) }))
              }
            />{" "}
            {name}
          </label>
        ))}
      </fieldset>
      {at("input.expertiseIds") !== undefined && (
        <p className="wrong" role="alert">
          {at("input.expertiseIds")}
        </p>
      )}
      <Refusals
        refused={besides("input.headline", "input.experience", "input.maxSessionsPerWeek", "input.minNoticeHours", "input.expertiseIds")}
        problem={problem}
      />
      <Save isBusy={isBusy} isSaved={isSaved} />
    </form>
  );
}
