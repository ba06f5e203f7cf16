// Every GraphQL document the explorer sends, in one place; a test holds them valid against the committed schema.
import { gql } from '@urql/core';

const DIAGNOSTIC = `severity code message
  view span { start { line column } end { line column } }
  related { view message span { start { line column } end { line column } } }
  fix { label edits { span { start { line column } end { line column } } text } }`;

export const QUERY = gql`
  query Run($text: String!, $from: Time, $to: Time, $at: Time, $limit: Int, $zone: String, $countMissing: Boolean, $maxAge: Float, $lines: Int) {
    query(text: $text, from: $from, to: $to, at: $at, limit: $limit, zone: $zone, countMissing: $countMissing, maxAge: $maxAge, lines: $lines) {
      columns { name type unit values }
      lines {
        times
        keys { name type unit values }
        values { name type unit values other { merge values } }
        total
      }
      rowCount
      truncated { limit by }
      completeUpTo
      partial
      diagnostics { ${DIAGNOSTIC} }
      stats { elapsedMs rowsRead bytesRead }
    }
  }
`;

export const CHECK = gql`
  query Check($text: String!) {
    check(text: $text) { ${DIAGNOSTIC} }
  }
`;

export const COMPLETE = gql`
  query Complete($text: String!, $offset: Int!) {
    complete(text: $text, offset: $offset) { label kind detail type unit insert from to }
  }
`;

export const CATALOGUE = gql`
  query Catalogue {
    catalogue {
      datasets { name description attributes { name type } }
      metrics { name kind unit description labels }
    }
  }
`;

export const STATUS = gql`
  query Status {
    status {
      version instance startedAt
      parts { name state detail }
      stores { name bytes diskFree diskSize }
      stream {
        bytes maxBytes share
        groups { group topic waiting bytes isJoined oldestWaiting }
        topics { topic unread share pressure heldBy secondsLeft }
      }
      drops { stage reason counter unit labels count missing }
      problems { part message mend }
    }
  }
`;

const AGENT = 'id host labels relays state reason joinedAt signedInAt series bytes';

export const AGENTS = gql`
  query Agents {
    agents { ${AGENT} }
    senderLimits { series bytes }
    sharedAgentToken
  }
`;

export const MAKE_JOIN_TOKEN = gql`
  mutation MakeJoinToken($host: String!, $labels: JSON, $relays: [String!], $replaces: String) {
    makeJoinToken(host: $host, labels: $labels, relays: $relays, replaces: $replaces) { token expiresAt heldBy { id host } assigned }
  }
`;

export const REVOKE_AGENT = gql`
  mutation RevokeAgent($id: String!) {
    revokeAgent(id: $id) { ${AGENT} }
  }
`;

export const RELEASE_AGENT = gql`
  mutation ReleaseAgent($id: String!) {
    releaseAgent(id: $id) { ${AGENT} }
  }
`;

export const SET_SHARED_TOKEN = gql`
  mutation SetSharedAgentToken($taken: Boolean!) {
    setSharedAgentToken(taken: $taken)
  }
`;

const LETTER = 'id state buried stage reason topic schema sender rows bytes error';

export const DEAD_LETTERS = gql`
  query DeadLetters($all: Boolean!) {
    deadLetters(all: $all, limit: 200) {
      groups { stage reason topic schema letters rows since }
      letters { ${LETTER} }
    }
  }
`;

export const DEAD_LETTER = gql`
  query DeadLetter($id: String!) {
    deadLetter(id: $id) { letter { ${LETTER} } headers content }
  }
`;

export const REPLAY_LETTERS = gql`
  mutation ReplayLetters($ids: [String!], $stage: String, $reason: String, $topic: String) {
    replayLetters(ids: $ids, stage: $stage, reason: $reason, topic: $topic) { replayed droppedRows isMore refused { id reason } }
  }
`;

export const DROP_LETTERS = gql`
  mutation DropLetters($ids: [String!], $stage: String, $reason: String, $topic: String) {
    dropLetters(ids: $ids, stage: $stage, reason: $reason, topic: $topic)
  }
`;

export const DATASETS = gql`
  query Datasets {
    catalogue {
      datasets { name description columns { name type unit description } attributes { name type } }
      metrics { name kind unit description labels }
    }
  }
`;

const SAVED = 'name version text description range savedAt who';

export const SAVED_QUERIES = gql`
  query SavedQueries {
    savedQueries { ${SAVED} }
  }
`;

export const SAVED_QUERY = gql`
  query SavedQuery($name: String!) {
    savedQuery(name: $name) { ${SAVED} }
    savedVersions(name: $name) { version text description range savedAt who }
  }
`;

export const SAVE_QUERY = gql`
  mutation SaveQuery($name: String!, $text: String!, $description: String, $range: String, $base: Int) {
    saveQuery(name: $name, text: $text, description: $description, range: $range, base: $base) {
      saved { ${SAVED} }
      conflict { stands { ${SAVED} } }
      diagnostics { ${DIAGNOSTIC} }
    }
  }
`;

export const RENAME_QUERY = gql`
  mutation RenameQuery($name: String!, $to: String!) {
    renameQuery(name: $name, to: $to) { ${SAVED} }
  }
`;

export const DELETE_QUERY = gql`
  mutation DeleteQuery($name: String!) {
    deleteQuery(name: $name) { ${SAVED} }
  }
`;

export const UNDELETE_QUERY = gql`
  mutation UndeleteQuery($name: String!) {
    undeleteQuery(name: $name) { ${SAVED} }
  }
`;
