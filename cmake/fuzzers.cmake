# tailwater_fuzzer(NAME SOURCES ... ROOMS ...)
#
# One libFuzzer program, NAME_fuzz. Its seeds are the files in fuzz/seeds/NAME, if there are any.
# Included before fuzz/ only; the rooms are instrumented too, so this needs a build of its own
# (preset `fuzz`).
add_custom_target(fuzzers)

function(tailwater_fuzzer name)
  cmake_parse_arguments(FUZZER "" "" "SOURCES;ROOMS" ${ARGN})
  add_executable(${name}_fuzz ${FUZZER_SOURCES})
  target_compile_options(${name}_fuzz PRIVATE ${TAILWATER_WARNINGS})
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzzers)
  add_dependencies(fuzzers ${name}_fuzz)
  foreach(room IN LISTS FUZZER_ROOMS)
    string(REPLACE "/" "_" room ${room})
    target_link_libraries(${name}_fuzz PRIVATE tailwater_${room})
  endforeach()
endfunction()
