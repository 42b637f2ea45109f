import Wording

/// Asks what the person wants to be called, before anything else is started. The terminal itself edits the line.
public struct NamePrompt {
    public enum Answer: Equatable, Sendable {
        case name(String)
        /// Say this and ask again.
        case again(String)
    }

    private let offer: String?
    private let complaint: (String) -> String?

    /// - Parameters:
    ///   - offer: the login name; not offered if it is no name.
    ///   - complaint: why a name cannot be used, or nil if it can.
    public init(offer: String?, complaint: @escaping (String) -> String?) {
        self.complaint = complaint
        self.offer = offer.flatMap { $0.isEmpty || complaint($0) != nil ? nil : $0 }
    }

    public var prompt: String {
        offer.map { "Name [\(SafeText.line($0))]: " } ?? "Name: "
    }

    /// - Parameter line: what was typed, with or without its newline.
    public func answer(_ line: String) -> Answer {
        let name = String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        if name.isEmpty {
            return offer.map(Answer.name) ?? .again("type what you want to be called")
        }
        if let complaint = complaint(name) { return .again(SafeText.line(complaint)) }
        return .name(name)
    }
}
