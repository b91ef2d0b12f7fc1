/** Every number of the incident detector, with where it comes from. */
export interface IncidentTuning {
  /** Rows of the recent past that a series is compared with: two hours at one minute. */
  readonly historyRows: number;
  /** Rows before a series is judged. */
  readonly minimumRows: number;
  /** The scale of a series is computed anew once in this many rows. */
  readonly refitRows: number;
  readonly relativeFloor: number;
  /** Deviation that makes a row suspicious. Fitted. */
  readonly weakDeviation: number;
  /** Deviation that is acted on at once, without waiting for a second row. Fitted. */
  readonly strongDeviation: number;
  /** Suspicious rows in a row that are enough for an alarm. Two: one alone is an outlier. */
  readonly rowsToAgree: number;
  /** Fused score of the culprit that raises an alarm, after enough rows and at once: the false-alarm budget. Fitted. */
  readonly alarmScore: number;
  readonly fastAlarmScore: number;
  /** What the score must be higher when one family of latencies is the only evidence. Fitted. */
  readonly aloneScore: number;
  /** Deviation from which a family of series corroborates a culprit. Fitted. */
  readonly corroboratingDeviation: number;
  /** Least change, as a share of the level before, that corroborates anything: less is no trouble to anyone. Fitted. */
  readonly materialShare: number;
  /** Calm rows that end an episode. */
  readonly calmRows: number;
  /** An episode that lasts longer is the new normal. */
  readonly longestEpisodeS: number;
}

export const incidentTuning: IncidentTuning = {
  historyRows: 180,
  minimumRows: 10,
  refitRows: 5,
  relativeFloor: 0.1,
  weakDeviation: 5,
  strongDeviation: 20,
  rowsToAgree: 2,
  alarmScore: 0.75,
  fastAlarmScore: 0.9,
  aloneScore: 0.15,
  corroboratingDeviation: 12,
  materialShare: 0.3,
  calmRows: 2,
  longestEpisodeS: 600,
};
