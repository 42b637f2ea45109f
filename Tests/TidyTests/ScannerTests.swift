import Testing

/// The scanner is what the other tests lean on, so it is shown samples that would lead it astray.
@Suite("Scanner")
struct ScannerTests {
    @Test("comments and strings are blanked, interpolated code stays")
    func blanking() {
        let text = SwiftText(
            ##"let a = "x { \(b("y }", 1)) z" // tail {"## + "\n"
                + ##"let c = #"\("{") "quoted" "# /* { /* } */ */ + d"##
                + "\n" + "let e = \"\"\"\n  { \"in\" \\\"\"\" }\n  \"\"\"; f()")
        #expect(text.codeLines[0].contains("b(\""))
        #expect(!text.codeLines.joined().contains { "{}xyz".contains($0) })
        #expect(!text.codeLines.joined().contains("tail"))
        #expect(text.codeLines[1].hasSuffix("+ d"))
        #expect(text.codeLines[4].hasSuffix("; f()"))
        #expect(text.codeLines.count == text.lines.count)
    }

    @Test("a function's lines are counted from its keyword to its closing brace")
    func functionLengths() {
        let source = """
            protocol P {
                func required() -> Int
                init()
            }
            struct S: P {
                init() { self.init(1) }
                func long(
                    _ closure: () -> Void = { _ = "}" }
                ) -> Int {
                    if true { closure() }  // }
                    return [1].map { $0 }.first!
                }
                var computed: Int {
                    let inner = 1
                    return inner
                }
            }
            """
        let functions = Declarations(in: SwiftText(source)).functions
        #expect(functions.map(\.name) == ["init", "long", "computed"])
        #expect(functions.map(\.lineCount) == [1, 6, 4])
        #expect(functions.map(\.line) == [6, 7, 13])
    }

    @Test("stored properties are those that take room in an instance")
    func storedProperties() {
        let source = """
            final class C {
                var one = 1, list = [1: "a"]
                let two: Int
                private(set) var three: Int = 3 { didSet { let local = 1; _ = local } }
                var four: Int { didSet {} }
                static let shared = C()
                class var also: Int { 1 }
                var computed: Int { two }
                lazy var closure: () -> Int = { let local = 2; return local }
                func f() { var local = 1; local += 1 }
                struct Inner { var x: Int }
                var last = 1
            }
            """
        let types = Declarations(in: SwiftText(source)).types
        #expect(types.map(\.name) == ["C", "Inner"])
        #expect(types.map(\.storedProperties) == [6, 1])
    }
}
