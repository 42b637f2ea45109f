import Wording

/// Asks for the person's name before anything else is started. The terminal itself edits the line.
public struct NamePrompt {
    public enum Answer: Equatable, Sendable {
        case name(String)
        /// Show this text and ask again.
        case again(String)
    }

    private let offer: String?
    private let complaint: (String) -> String?

    /// - Parameters:
    ///   - offer: The login name; not offered if it is not a valid name.
    ///   - complaint: Returns the reason why a name cannot be used, or nil if it can.
    public init(offer: String?, complaint: @escaping (String) -> String?) {
        self.complaint = complaint
        self.offer = offer.flatMap { $0.isEmpty || complaint($0) != nil ? nil : $0 }
    }

    public var prompt: String {
        offer.map { "Name [\(SafeText.line($0))]: " } ?? "Name: "
    }

    /// Evaluates an answer.
    /// - Parameter line: The typed line, with or without its newline.
    public func answer(_ line: String) -> Answer {
        let name = String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        if name.isEmpty {
            return offer.map(Answer.name) ?? .again("type the name that you want to use")
        }
        if let complaint = complaint(name) { return .again(SafeText.line(complaint)) }
        return .name(name)
    }
}
