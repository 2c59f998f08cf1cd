/** Days of a time zone: they begin at its midnight and last 23 to 25 hours where clocks are changed. Pure. */

export const DAY_MS = 86_400_000;

const localTime = (at: number, timeZone: string) =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);

/** The midnight before an instant, in a time zone. */
export const midnightBefore = (at: number, timeZone: string): number =>
  localTime(at, timeZone).startOfDay().epochMilliseconds;

/** Spans of one length: those of a day begin at a time zone's midnights where one is named, others with UTC. */
export type Spans = { stepMs: number; timeZone?: string | undefined };

/** The zone by whose clocks spans are cut; undefined where they are all of one length. */
export const cutBy = ({ stepMs, timeZone }: Spans): string | undefined => (stepMs === DAY_MS ? timeZone : undefined);

/** Begin of the span that an instant lies in. */
export function spanBegin(at: number, spans: Spans): number {
  const zone = cutBy(spans);
  return zone === undefined ? Math.floor(at / spans.stepMs) * spans.stepMs : Math.max(0, midnightBefore(at, zone));
}

/** A time during which a zone's clocks are as far from UTC as at its beginning. */
export type OffsetStretch = { from: number; offsetMs: number };

/** How far a zone's clocks are from UTC in a time: where it begins, and wherever they are changed in it. */
export function offsetsIn(from: number, to: number, timeZone: string): OffsetStretch[] {
  const stretches: OffsetStretch[] = [];
  let time: Temporal.ZonedDateTime | null = localTime(from, timeZone);
  for (; time && time.epochMilliseconds < to; time = time.getTimeZoneTransition('next')) {
    stretches.push({ from: time.epochMilliseconds, offsetMs: time.offsetNanoseconds / 1e6 });
  }
  return stretches;
}

/** The day whose midnight a zone's clocks show, as if they were UTC. @param localMs that midnight read as UTC */
export function dayOf(localMs: number, timeZone: string): { at: number; lengthMs: number } {
  const date = Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO('UTC').toPlainDate();
  const at = date.toZonedDateTime(timeZone).epochMilliseconds;
  return { at, lengthMs: date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds - at };
}

/** An instant as the zone's clocks show it, with how far they are from UTC: ISO 8601. */
export function localIso(at: number, timeZone: string): string {
  return localTime(at, timeZone).toString({ timeZoneName: 'never', fractionalSecondDigits: 3 });
}
