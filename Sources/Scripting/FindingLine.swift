public import Doctor
import JSON

/// The lines that `earshot doctor --json` writes: one for each finding, and a last one with the result.
public enum FindingLine {
    /// Returns the line of a finding, without its newline.
    public static func bytes(_ finding: Finding) -> [UInt8] {
        JSONWriter.object { object in
            object.add("code", finding.code.rawValue)
            object.add("status", finding.status.rawValue)
            object.add("text", finding.line)
            if let cause = finding.cause {
                object.add("cause", cause.sentence)
                if let command = cause.command { object.add("command", command) }
            }
            if !finding.details.isEmpty { object.add("facts", .array(finding.details.map { .string($0) })) }
        }
    }

    /// Returns the last line: the code of the first cause, if there is one.
    public static func end(_ diagnosis: Diagnosis) -> [UInt8] {
        JSONWriter.object { object in
            object.add("result", diagnosis.causes.isEmpty ? "nothing" : "cause")
            if let first = diagnosis.causes.first { object.add("code", first.code.rawValue) }
            object.add("skipped", UInt64(diagnosis.skippedCount))
        }
    }
}
