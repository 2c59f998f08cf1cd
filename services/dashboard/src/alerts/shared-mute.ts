/**
 * One hand mutes every page of this browser: they share its loudspeaker. A page that is opened asks the others; nothing is
 * kept, since a mute that somebody forgot would outlive its reason. What cannot be told leaves a page sounding.
 */
const CHANNEL = 'headroom.mute';

type Said = { muted: boolean } | { asks: true };

export type MutePort = { muted(): boolean; set(muted: boolean): void };

export class SharedMute {
  readonly #port: MutePort;
  readonly #channel = new BroadcastChannel(CHANNEL);

  constructor(port: MutePort) {
    this.#port = port;
    this.#channel.onmessage = ({ data }: MessageEvent<Said>) => {
      if ('muted' in data) port.set(data.muted);
      // A page that is not muted has nothing to say: whoever opens one hears alarms anyway.
      else if (port.muted()) this.tell();
    };
    this.#say({ asks: true });
  }

  tell(): void {
    this.#say({ muted: this.#port.muted() });
  }

  #say(said: Said): void {
    this.#channel.postMessage(said);
  }
}
