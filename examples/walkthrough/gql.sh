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

# The newest mail to an address with such a word in its subject, as soon as it is there.
mail() { # mail <address> <word of the subject>
  until_true has_mail "$@"
  curl -sS "$API/dev/mail/$(newest_mail "$@")" -H 'accept: application/json'
}
has_mail() { [ -n "$(newest_mail "$@")" ]; }
newest_mail() {
  curl -sS "$API/dev/mail.json" | jq -r --arg to "$1" --arg word "$2" '[.mails[] | select(.recipients == [$to] and (.subject | test($word)))][0].id // ""'
}

# Somebody makes an account: a mail comes with a link, and the word behind its # confirms the address.
register() { # register <address>
  gql register --argjson input '{ "email": "'$1'", "password": "correct horse battery", "fullName": "Wen Orsha", "timeZone": "Europe/Lisbon" }' >/dev/null
  gql verify-email --arg token "$(mail "$1" Confirm | jq -r .text | grep -o 'verify-email#.*' | cut -d '#' -f 2)"
}

# A file is announced with its size and its SHA-256, and put where the answer says.
upload() { # upload <file>: prints the upload's id
  local announced
  announced=$(gql create-upload --argjson input '{
    "fileName": "'"$(basename "$1")"'", "contentType": "application/pdf", "purpose": "APPLICATION_DOCUMENT",
    "byteSize": '"$(wc -c <"$1")"', "sha256": "'"$(sha256sum "$1" | cut -d ' ' -f 1)"'"
  }' | jq .data.createUpload.upload)
  curl -sSf -T "$1" "$(jq -r .url <<<"$announced")" -H 'content-type: application/pdf' >/dev/null
  jq -r .id <<<"$announced"
}
new_pdf() { # new_pdf <name>: prints the path of a file
  local file
  file=$(mktemp -d)/$1.pdf
  printf '%%PDF-1.4\n%% %s\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n' "$(new_key)" >"$file"
  echo "$file"
}

# What an applicant says, with documents.
application() { # application <document> …
  jq -nc '{ education: "A school of weaving", workExperience: "Ten years at the loom", description: "I like to teach.", certifications: ["Master weaver"],
    documents: $ARGS.positional, consentToBackgroundCheck: true }' --jsonargs "$@"
}
cv() { echo '{ "uploadId": "'"$1"'", "kind": "CV" }'; }
letter() { echo '{ "uploadId": "'"$1"'", "kind": "COVER_LETTER" }'; }
