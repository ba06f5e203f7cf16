// Whether the server knows this browser; set by whoever meets a 401, read by the frame.

class Session {
  signedOut = $state(false);
}
export const session = new Session();
