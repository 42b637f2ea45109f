import CFuzzer
import Exercises
import Glibc

// What is exercised is named by the environment, because libFuzzer starts itself again with its own arguments.
let name = getenv("EARSHOT_FUZZ_TARGET").map { String(cString: $0) } ?? ""
guard let chosen = Exercise(rawValue: name) else {
    let names = Exercise.allCases.map(\.rawValue).joined(separator: ", ")
    fatalError("EARSHOT_FUZZ_TARGET must be one of \(names)")
}
/// For the callback, which as a C function captures nothing.
nonisolated(unsafe) var exercise = chosen

/// libFuzzer links against this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    exercise.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments) { testOneInput($0, $1) })
