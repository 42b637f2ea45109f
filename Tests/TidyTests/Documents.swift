import Foundation

/// The documents of this repository, and what tests read in them.
enum Documents {
    /// The pages of all DocC catalogs, from the repository's top, sorted.
    static func pages() throws -> [String] {
        try Repository.names(in: "Sources").flatMap { target in
            let catalog = "Sources/\(target)/\(catalogName(of: target)).docc"
            guard Repository.exists(catalog) else { return [String]() }
            return try Repository.names(in: catalog).filter { $0.hasSuffix(".md") }.map { catalog + "/" + $0 }
        }
    }

    /// The catalog of the program bears the product's name.
    private static func catalogName(of target: String) -> String { target == "earshot" ? "Earshot" : target }

    /// All documents.
    static func all() throws -> [String] { try ["README.md", "Protocol.md"] + pages() }

    /// The lines outside of blocks of code, with their numbers.
    static func proseLines(of text: String) -> [(number: Int, line: Substring)] {
        var isCode = false
        var lines: [(Int, Substring)] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.hasPrefix("```") {
                isCode.toggle()
            } else if !isCode {
                lines.append((index + 1, line))
            }
        }
        return lines
    }

    private static func withoutCode(_ line: Substring) -> String { String(line).replacing(#/`[^`]*`/#, with: "") }

    /// The targets of links to files and addresses.
    static func links(in text: String) -> [String] {
        proseLines(of: text).flatMap { _, line in
            withoutCode(line).matches(of: #/\]\(([^)\s]+)\)/#).map { String($0.1) }
        }
    }

    /// The targets of links to pages of the same catalog, `Page` or `Page#Heading` of `<doc:Page#Heading>`.
    static func pageLinks(in text: String) -> [String] {
        proseLines(of: text).flatMap { _, line in
            withoutCode(line).matches(of: #/<doc:([^>\s]+)>/#).map { String($0.1) }
        }
    }

    /// The anchors that web hosts make from headings.
    static func anchors(in text: String) -> [String] {
        proseLines(of: text).filter { $0.line.hasPrefix("#") }.map { _, line in
            let title = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
            return String(
                title.filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                    .map { $0 == " " ? "-" : $0 })
        }
    }

    /// What is wrong with a link from a document; nil if it leads somewhere.
    static func fault(of link: String, in document: String) throws -> String? {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let directory = document.split(separator: "/").dropLast()
        let file = parts[0].isEmpty ? document : resolve(parts[0], in: directory)
        guard let file, Repository.exists(file) else { return "\(document): \(link) leads nowhere" }
        guard parts.count == 2, file.hasSuffix(".md") else { return nil }
        // DocC keeps the case of a heading in its anchor.
        let hasAnchor = anchors(in: try Repository.text(of: file)).contains(parts[1].lowercased())
        return hasAnchor ? nil : "\(document): no heading for \(link)"
    }

    /// A path from the repository's top; nil if it leads out of the repository.
    private static func resolve(_ path: String, in directory: ArraySlice<Substring>) -> String? {
        var parts = Array(directory)
        for part in path.split(separator: "/") {
            switch part {
            case ".": break
            case "..":
                if parts.isEmpty { return nil }
                parts.removeLast()
            default: parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    /// The first sentence below the title and its metadata; nil if there is no such paragraph.
    static func summary(of text: String) -> Substring? {
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard rest.popFirst()?.hasPrefix("# ") == true else { return nil }
        if let metadata = rest.firstIndex(where: { $0.hasPrefix("@Metadata") }), metadata <= 3 {
            rest = rest[metadata...].drop { $0 != "}" }.dropFirst()
        }
        return rest.first { !$0.isEmpty }
    }
}

/// Words that only this project's authors would understand, and the plain ones to use instead.
enum PrivateWords {
    static let replacements = [
        ("let go of", "drop, discard, prune, release or close"),
        ("lets go of", "drops, discards, prunes, releases or closes"),
        ("letting go of", "dropping, discarding, pruning, releasing or closing"),
        ("for ever", "indefinitely, or permanently"),
        ("anew", "again"),
        ("whoever", "a peer that …, or anyone who …"),
        ("whomever", "the peer that …"),
        ("to be had", "available"),
        ("is told", "is notified, or learns"),
        ("are told", "are notified, or learn"),
        ("been told", "been notified"),
        ("in vain", "without success"),
        ("of late", "recently"),
        ("in the clothes of", "mapped, as in IPv4-mapped IPv6 address"),
        ("look after", "maintain"),
        ("looks after", "maintains"),
        ("come right", "converge, or recover"),
        ("is owed", "is pending, or unacknowledged"),
        ("debts", "unacknowledged messages, or redelivery"),
        ("whereabouts", "network location"),
        ("strangers", "unauthenticated links or connections"),
        ("hear of", "learn of"),
        ("hears of", "learns of"),
        ("else than", "other than"),
    ]

    /// The words that stand in a line, in any case, with what to write instead.
    static func found(in line: String) -> [String] {
        let text = line.lowercased()
        return replacements.filter { Rules.line(text, has: $0.0) }.map { "\"\($0.0)\": write \($0.1)" }
    }

    /// What stands in a document's prose, each with its line; code in a line is left out.
    static func found(inDocument text: String) -> [String] {
        Documents.proseLines(of: text).flatMap { number, line in
            found(in: String(line).replacing(#/`[^`]*`/#, with: "")).map { "\(number): \($0)" }
        }
    }

    /// What stands in the doc comments of a source file, each with its line.
    static func found(inComments lines: [String]) -> [String] {
        lines.enumerated().flatMap { index, line -> [String] in
            guard let comment = line.firstMatch(of: #/^\s*\/\/\/(.*)/#)?.1 else { return [] }
            return found(in: String(comment).replacing(#/`[^`]*`/#, with: "")).map { "\(index + 1): \($0)" }
        }
    }
}
