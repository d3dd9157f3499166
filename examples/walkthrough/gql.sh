# What all journeys of docs/walkthrough.md use. In the project's directory: . examples/walkthrough/gql.sh

# Where the program listens, and how it is asked: gql <operation> [--arg <variable> <text>] [--argjson <variable> <JSON>] …
API=${API:-http://localhost:4000}
gql() {
  document=examples/operations/$1.graphql && shift
  jq -nc "$@" --rawfile query "$document" '{$query, variables: ($ARGS.named | del(.query))}' |
    curl -sS "$API/graphql" -H 'content-type: application/json' -H "authorization:${TOKEN:+ Bearer $TOKEN}" -d @-
}

# Signing in, with the answer's token alone.
sign_in() { TOKEN='' gql sign-in --arg email "$1" --arg password "$2" | jq -r '.data.signIn.accessToken // error(tojson)'; }

# A key that makes a call repeatable; a day so many days from now; a course and free hours of a mentor.
new_key() { head -c 8 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
day() { jq -nr --argjson days "$1" 'now + $days * 86400 | strftime("%Y-%m-%d")'; }
new_course() { # new_course <capacity, or null>
  gql save-course --argjson input '{
    "title": "Indexes '"$(new_key)"'", "description": "Short lessons.", "level": "BEGINNER", "status": "PUBLISHED",
    "capacity": '"$1"', "categoryId": "'"$(gql categories | jq -r '.data.categories[0].id')"'"
  }' | jq -r '.data.saveCourse | .course.id // .userErrors'
}
new_slots() { # new_slots <day> <from> <to>
  gql publish-slots --arg key "$(new_key)" --argjson input '{
    "timeZone": "America/New_York", "blocks": [{ "date": "'"$1"'", "start": "'"$2"'", "end": "'"$3"'" }], "slotMinutes": 60
  }' | jq -r '.data.publishSchedule | (.schedules // .userErrors)[] | .id // .'
}

# Asking until something is so, for half a minute at most: a saga has got to a state or status, or a command says yes.
wait_for() { until_true saga_is "$1" "$2"; }
saga_is() { gql poll-saga --arg saga "$1" | jq -e --arg word "$2" '.data.saga | [.state, .status] | index($word)' >/dev/null; }
until_true() {
  for _ in $(seq 150); do "$@" && return; sleep 0.2; done
  echo "Waited in vain for: $*" >&2 && return 1
}
