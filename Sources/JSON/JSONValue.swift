/// A JSON value (RFC 8259). Members of objects keep their order, and numbers keep their spelling, so that a `ref` is
/// returned exactly as it was written.
package enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// A number as written, known to follow the grammar.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Equatable, Sendable {
        package var name: String
        package var value: JSONValue
    }

    /// The member of that name; nil if there is none, or if this is not an object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}
