#!/usr/bin/env bash
set -euo pipefail
. examples/walkthrough/gql.sh

# A mentor has a course, and four free hours on a day ten weeks from now or later.
DAY=$(day $((70 + RANDOM % 600)))
TOKEN=$(sign_in mentor-0001@demo.example demo-password-0001)
COURSE=$(new_course null)
new_slots "$DAY" 13:00 17:00

# A learner asks who is free that day.
TOKEN=$(sign_in learner-0001@demo.example demo-password-0001)
FOUND=$(gql find-mentor --arg from "${DAY}T00:00:00Z" --arg to "${DAY}T23:59:59Z")
jq -c '.data.mentors.nodes[0].mentorProfile.schedules[]' <<<"$FOUND"

# The learner books the first of these hours.
SLOT=$(jq -r '.data.mentors.nodes[0].mentorProfile.schedules[0].id' <<<"$FOUND")
KEY=$(new_key)
BOOKING='{ "scheduleId": "'$SLOT'", "courseId": "'$COURSE'", "type": "VIRTUAL", "note": "Indexes, please." }'
BOOKED=$(gql book-session --arg key "$KEY" --argjson input "$BOOKING")
jq -c '.data.bookMentoringSession | { session: .mentoringSession.id, saga: .saga.id, userErrors }' <<<"$BOOKED"

# The learner watches the saga over a socket, until it stands where it waits for the day.
SAGA=$(jq -r .data.bookMentoringSession.saga.id <<<"$BOOKED")
node examples/watch.mjs "$SAGA" "$TOKEN" "$API/graphql" SessionScheduled

# The same without a socket: what came after event 1.
gql poll-saga --arg saga "$SAGA" --argjson after 1 |
  jq -c '.data.saga | { state, status, settled, sequence }, (.events[] | { sequence, toState, status })'

# The invitation is in the mailbox.
MAIL=$(curl -sS "$API/dev/mail.json" | jq -r '[.mails[] | select(.recipients == ["learner-0001@demo.example"])][0].id')
curl -sS "$API/dev/mail/$MAIL" -H 'accept: application/json' | jq -r .calendar | tr -d '\r' | grep -E '^(METHOD|UID|SEQUENCE|DTSTART|DTEND|STATUS)'

# The same key again answers with the same session.
gql book-session --arg key "$KEY" --argjson input "$BOOKING" |
  jq -c '.data.bookMentoringSession | { session: .mentoringSession.id, status: .mentoringSession.status, saga: .saga.id }'

# The same key with another slot is a mistake of the caller's.
SLOT=$(jq -r '.data.mentors.nodes[0].mentorProfile.schedules[1].id' <<<"$FOUND")
gql book-session --arg key "$KEY" --argjson input '{ "scheduleId": "'$SLOT'", "courseId": "'$COURSE'", "type": "VIRTUAL" }' |
  jq -c '.data, .errors[0].message, .errors[0].extensions.code'
