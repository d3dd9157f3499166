import type { PortrayedFragment } from "../generated/graphql.ts";

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map(([letter]) => letter ?? "")
    .filter((_, index, all) => index === 0 || index === all.length - 1)
    .join("")
    .toUpperCase();

export const Portrait = ({ user, size = 48 }: { readonly user: PortrayedFragment; readonly size?: number }) =>
  user.avatarUrl == null ? (
    <span className="portrait" aria-hidden="true" style={{ width: size, height: size, fontSize: size * 0.36 }}>
      {initials(user.fullName)}
    </span>
  ) : (
    <img className="portrait" alt="" src={user.avatarUrl} width={size} height={size} />
  );
