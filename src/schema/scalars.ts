import { GraphQLError, GraphQLScalarType, Kind } from "graphql";
import { GraphQLDateTimeISO, GraphQLEmailAddress, GraphQLJSONObject, GraphQLLocalDate, GraphQLLocalTime, GraphQLTimeZone, GraphQLURL } from "graphql-scalars";

type ScalarConfig = ConstructorParameters<typeof GraphQLScalarType>[0];

/** A scalar of graphql-scalars under this API's own name and description. */
function scalar(from: GraphQLScalarType, config: Pick<ScalarConfig, "name" | "description"> & Partial<ScalarConfig>): GraphQLScalarType {
  return new GraphQLScalarType({ ...from.toConfig(), specifiedByURL: null, extensions: {}, ...config });
}

/** In UTC, an offset may lead out of the years that are written with four digits; others would only be refused by the database. */
function requireFourDigitYear(instant: Date): Date {
  const year = instant.getUTCFullYear();
  if (year < 1 || year > 9999) throw new GraphQLError("DateTime lies in the years 0001 to 9999 of UTC");
  return instant;
}

export const DateTime = scalar(GraphQLDateTimeISO, {
  name: "DateTime",
  description: "RFC 3339 instant, always sent in UTC with millisecond precision.",
  parseValue: (value) => requireFourDigitYear(GraphQLDateTimeISO.parseValue(value)),
  parseLiteral: (node, variables) => requireFourDigitYear(GraphQLDateTimeISO.parseLiteral(node, variables)),
});

export const LocalDate = scalar(GraphQLLocalDate, { name: "LocalDate", description: "Calendar date without zone, YYYY-MM-DD." });

export const LocalTime = scalar(GraphQLLocalTime, { name: "LocalTime", description: "Wall-clock time without zone, HH:MM or HH:MM:SS." });

const MAX_EMAIL_LENGTH = 254;

function parseEmail(value: unknown): string {
  const email = GraphQLEmailAddress.parseValue(value);
  if (email.length > MAX_EMAIL_LENGTH) throw new GraphQLError(`An e-mail address has at most ${MAX_EMAIL_LENGTH} characters`);
  return email;
}

export const EmailAddress = scalar(GraphQLEmailAddress, {
  name: "EmailAddress",
  description: "E-mail address, at most 254 characters.",
  serialize: String,
  parseValue: parseEmail,
  parseLiteral: (node) => parseEmail(node.kind === Kind.STRING ? node.value : null),
});

export const TimeZone = scalar(GraphQLTimeZone, {
  name: "TimeZone",
  description: "IANA time zone name, for example Europe/Lisbon.",
  // What is stored was checked on its way in; asking Intl again costs more than the rest of a field.
  serialize: String,
});

export const Url = scalar(GraphQLURL, {
  name: "URL",
  description: "Absolute URL.",
  // What goes out was made here; what comes in is checked.
  serialize: String,
});

export const JSONObject = scalar(GraphQLJSONObject, { name: "JSONObject", description: "A JSON object." });
