import { Field } from "../ui/parts.tsx";

export const TimeZoneField = ({
  value,
  error,
  choose,
}: {
  readonly value: string;
  readonly error: string | undefined;
  readonly choose: (zone: string) => void;
}) => (
  <Field label="Time zone" error={error}>
    {(props) => (
      <select {...props} value={value} onChange={(event) => choose(event.target.value)}>
        {[...new Set([value, ...Intl.supportedValuesOf("timeZone")])].map((zone) => (
          <option key={zone}>{zone}</option>
        ))}
      </select>
    )}
  </Field>
);

export const Save = ({ isBusy, isSaved }: { readonly isBusy: boolean; readonly isSaved: boolean }) => (
  <div className="buttons">
    <button type="submit" className="primary" disabled={isBusy}>
      Save
    </button>
    {isSaved && <span role="status">Saved.</span>}
  </div>
);
