/// A diagnosis as text for a person.
public enum Report {
    /// Returns the text of a diagnosis.
    /// - Parameter isVerbose: Whether to include the facts behind each line.
    public static func text(_ diagnosis: Diagnosis, isVerbose: Bool = false) -> String {
        var lines: [String] = []
        for finding in diagnosis.findings {
            lines.append("\(mark(finding.status))\(safe(finding.line))")
            if isVerbose { lines += finding.details.map { "         \(safe($0))" } }
        }
        for finding in diagnosis.causes {
            guard let cause = finding.cause else { continue }
            lines.append(safe(cause.sentence))
            if let command = cause.command { lines.append("    \(safe(command))") }
        }
        if diagnosis.causes.isEmpty {
            let address = diagnosis.ownAddress ?? "ADDRESS"
            lines.append("Nothing is wrong here. Run it on the other machine too: earshot doctor \(address)")
        }
        return lines.map { "\($0)\n" }.joined()
    }

    private static func mark(_ status: Finding.Status) -> String {
        switch status {
        case .ok: " ok    "
        case .fail: " FAIL  "
        case .note: " note  "
        case .skipped: " --    "
        }
    }

    /// Replaces control characters: names and the system's messages come from outside, and a terminal must not obey
    /// them.
    private static func safe(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isSafe($0) ? $0 : "\u{FFFD}" }))
    }

    private static func isSafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
