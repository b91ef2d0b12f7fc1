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
  /** What the score must be higher when one family of series is the only evidence. Fitted. */
  readonly aloneScore: number;
  /** Deviation from which a second family of series corroborates the first. Fitted. */
  readonly corroboratingDeviation: number;
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
  weakDeviation: 6,
  strongDeviation: 20,
  rowsToAgree: 2,
  alarmScore: 0.8,
  fastAlarmScore: 0.9,
  aloneScore: 0.3,
  corroboratingDeviation: 5,
  calmRows: 2,
  longestEpisodeS: 600,
};
