/// A mapping from characters to their replacements, parsed from a table in this directory.
///
/// Items are separated by blanks: `FROM:TO.TO…`, or `FIRST-LAST:TO`, where the targets advance with the sources; all in
/// hexadecimal.
struct MappingTable {
    private let mappings: [Unicode.Scalar: [Unicode.Scalar]]

    /// Parses a table.
    /// - Parameter text: A table of this module, which is known to be well formed.
    init(_ text: String) {
        var mappings: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        for item in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let sides = item.split(separator: ":")
            let sources = sides[0].split(separator: "-").map { UInt32($0, radix: 16)! }
            let targets = sides[1].split(separator: ".").map { UInt32($0, radix: 16)! }
            for offset in 0...(sources[sources.count - 1] - sources[0]) {
                let mapping = sources.count > 1 ? [targets[0] + offset] : targets
                mappings[Unicode.Scalar(sources[0] + offset)!] = mapping.map { Unicode.Scalar($0)! }
            }
        }
        self.mappings = mappings
    }

    subscript(scalar: Unicode.Scalar) -> [Unicode.Scalar]? { mappings[scalar] }

    /// The mapped characters, in no particular order.
    var sources: some Collection<Unicode.Scalar> { mappings.keys }
}
